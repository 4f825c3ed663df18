"""A ClientApp as its user wrote it: nothing in it knows of TypeScript."""

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from points.model import SHAPES, loss_and_gradient, points_of

app = ClientApp()


def arrays_of(message: Message) -> dict[str, np.ndarray]:
    return {name: array.numpy() for name, array in message.content["arrays"].items()}


@app.train()
def train(message: Message, context: Context) -> Message:
    inputs, labels = points_of(int(context.node_config.get("partition", 0)))
    arrays = arrays_of(message)
    weights = [arrays[name].copy() for name in SHAPES]
    lr = np.float32(message.content["config"]["lr"])
    loss = 0.0
    for step in range(2):
        now, gradient = loss_and_gradient(weights, inputs, labels)
        loss = now if step == 0 else loss
        for weight, slope in zip(weights, gradient):
            weight -= lr * slope
    arrays.update(zip(SHAPES, weights))
    metrics = MetricRecord({"train_loss": loss, "num-examples": len(labels)})
    record = ArrayRecord({name: Array(array) for name, array in arrays.items()})
    content = RecordDict({"arrays": record, "metrics": metrics})
    return Message(content=content, reply_to=message)


@app.evaluate()
def evaluate(message: Message, context: Context) -> Message:
    inputs, labels = points_of(int(context.node_config.get("partition", 0)))
    arrays = arrays_of(message)
    scores = inputs @ arrays["layers.0.weight"] + arrays["layers.0.bias"]
    accuracy = float((scores.argmax(axis=1) == labels).mean())
    metrics = MetricRecord({"eval_acc": accuracy, "num-examples": len(labels)})
    return Message(content=RecordDict({"metrics": metrics}), reply_to=message)
