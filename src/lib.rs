//! `kubectl cilium-lb`: see DESIGN in the README.
