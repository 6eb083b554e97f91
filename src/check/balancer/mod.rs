//! Hop 2: does the load balancer exist, and does it listen?
