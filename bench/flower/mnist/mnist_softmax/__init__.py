"""Softmax regression on MNIST, federated over nodes of Python and of TypeScript."""
