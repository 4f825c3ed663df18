"""A model of some tensors of many values."""
