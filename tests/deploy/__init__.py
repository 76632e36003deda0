"""What is shipped, checked with what can be had without a container engine."""
