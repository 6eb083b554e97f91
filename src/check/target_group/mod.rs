//! Hop 3: who is registered, and how is it checked?
