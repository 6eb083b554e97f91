//! Hop 5: node, agent, and the configuration the agent runs with.
