//! Hop 4: security groups, network ACLs and routes between the balancer and the target.
