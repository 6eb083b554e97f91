//! Hop 7: CiliumEnvoyConfig, Envoy listener, TPROXY.
