"""FedAvg as it comes, which writes down its final model and how many answered."""

import json

import numpy as np
from flwr.app import Array, ArrayRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    settings = context.run_config
    answered: list[int] = []

    class Counted(FedAvg):
        def aggregate_train(self, server_round, replies):
            replies = list(replies)
            answered.append(sum(reply.has_content() for reply in replies))
            return super().aggregate_train(server_round, replies)

    nodes = int(settings["nodes"])
    strategy = Counted(fraction_evaluate=0.0, min_train_nodes=nodes, min_available_nodes=nodes)
    shapes = {"layers.0.weight": (784, 10), "layers.0.bias": (10,)}
    arrays = ArrayRecord({name: Array(np.zeros(shape, dtype=np.float32)) for name, shape in shapes.items()})
    result = strategy.start(grid=grid, initial_arrays=arrays, num_rounds=int(settings["rounds"]))
    arrays = {name: array.numpy().flatten().tolist() for name, array in result.arrays.items()}
    with open(str(settings["out"]), "w", encoding="utf-8") as file:
        json.dump({"answered": answered, "arrays": arrays}, file)
