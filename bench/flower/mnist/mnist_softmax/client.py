"""A ClientApp in NumPy, or in PyTorch as its users write it: one epoch of minibatch SGD on the node's own digits."""

import json
from pathlib import Path

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

app = ClientApp()
WEIGHT, BIAS = "layers.0.weight", "layers.0.bias"


def digits_of(context: Context) -> tuple[np.ndarray, np.ndarray]:
    """The node's share of the digits in this seed's partition: pixels in [0, 1], shape [n, 784], and labels [n]."""
    folder = Path(str(context.node_config["data"]))
    shares = json.loads((folder / f"partition-{context.run_config['seed']}.json").read_text())
    rows = shares[int(context.node_config["partition"])]
    pixels = np.memmap(folder / "pixels.u8", dtype=np.uint8, mode="r").reshape(-1, 784)
    labels = np.memmap(folder / "labels.u8", dtype=np.uint8, mode="r")
    return pixels[rows].astype(np.float32) / np.float32(255), labels[rows].astype(np.int64)


def epoch_of_numpy(weight, bias, inputs, labels, lr, batch):
    order = np.random.default_rng().permutation(len(labels))
    first = None
    for at in range(0, len(order), batch):
        rows = order[at : at + batch]
        x, y = inputs[rows], labels[rows]
        logits = x @ weight + bias
        logits -= logits.max(axis=1, keepdims=True)
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        index = np.arange(len(rows))
        first = float(-np.log(p[index, y]).mean()) if first is None else first
        p[index, y] -= 1
        p /= np.float32(len(rows))
        weight -= lr * (x.T @ p)
        bias -= lr * p.sum(axis=0)
    return weight, bias, first


def epoch_of_torch(weight, bias, inputs, labels, lr, batch):
    import torch

    # PyTorch keeps a linear layer's weight as [outputs, inputs].
    model = torch.nn.Linear(784, 10)
    model.load_state_dict({"weight": torch.tensor(weight.T), "bias": torch.tensor(bias)})
    optimizer = torch.optim.SGD(model.parameters(), lr=float(lr))
    data = torch.utils.data.TensorDataset(torch.from_numpy(inputs), torch.from_numpy(labels))
    first = None
    for x, y in torch.utils.data.DataLoader(data, batch_size=batch, shuffle=True):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        first = loss.item() if first is None else first
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    return np.ascontiguousarray(state["weight"].T), state["bias"], first


@app.train()
def train(message: Message, context: Context) -> Message:
    inputs, labels = digits_of(context)
    settings = context.run_config
    epoch = {"numpy": epoch_of_numpy, "torch": epoch_of_torch}[str(settings["engine"])]
    arrays = {name: array.numpy().copy() for name, array in message.content["arrays"].items()}
    lr, batch = np.float32(settings["lr"]), int(settings["batch"])
    weight, bias, loss = epoch(arrays[WEIGHT], arrays[BIAS], inputs, labels, lr, batch)
    content = {
        "arrays": ArrayRecord({WEIGHT: Array(weight), BIAS: Array(bias)}),
        "metrics": MetricRecord({"train_loss": loss, "num-examples": len(labels)}),
    }
    return Message(content=RecordDict(content), reply_to=message)
