//! Hop 1: did Kubernetes intent become a load balancer?
