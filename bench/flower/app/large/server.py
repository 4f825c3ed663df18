"""FedAvg as it comes, which says when each round was over."""

import json
import time

import numpy as np
from flwr.app import Array, ArrayRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    settings = context.run_config
    ends: list[float] = []
    first: list[float] = []

    class Timed(FedAvg):
        def aggregate_train(self, server_round, replies):
            arrays, metrics = super().aggregate_train(server_round, replies)
            ends.append(time.time())
            first.append(float(next(iter(arrays.values())).numpy()[0]))
            return arrays, metrics

    nodes = int(settings["nodes"])
    strategy = Timed(fraction_evaluate=0.0, min_train_nodes=nodes, min_available_nodes=nodes)
    zeros = np.zeros(int(settings["values"]), dtype=np.float32)
    arrays = {f"tensor.{i}": Array(zeros + np.float32(i)) for i in range(int(settings["tensors"]))}
    strategy.start(grid=grid, initial_arrays=ArrayRecord(arrays), num_rounds=int(settings["rounds"]))
    with open(str(settings["out"]), "w", encoding="utf-8") as file:
        json.dump({"ends": ends, "first": first}, file)
