"""No node of Python takes part: the bench's are ours."""

from flwr.clientapp import ClientApp

app = ClientApp()
