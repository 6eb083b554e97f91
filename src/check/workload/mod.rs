//! Hop 8: what stands behind the frontend.
