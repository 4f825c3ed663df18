"""A ServerApp with Flower's own strategies, which writes down what it was told and what it made of it."""

import json

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAdam, FedAvg, FedMedian, FedProx

from points.model import SHAPES

app = ServerApp()
STRATEGIES = {"FedAvg": FedAvg, "FedProx": FedProx, "FedAdam": FedAdam, "FedMedian": FedMedian}
# What a model may hold besides what is trained: a counter, a mask, nothing at all, a number.
EXTRAS = {
    "steps": np.array(7, dtype=np.int64),
    "mask": np.array([True, False]),
    "empty": np.zeros((0, 3), dtype=np.float32),
    "scale": np.array(0.5, dtype=np.float16),
    "columns": np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3)),
}


def plain(record: ArrayRecord) -> dict:
    return {
        name: {"dtype": str(array.numpy().dtype), "shape": array.shape, "values": array.numpy().flatten().tolist()}
        for name, array in record.items()
    }


@app.main()
def main(grid: Grid, context: Context) -> None:
    settings = context.run_config
    rounds: list[dict] = []

    class Recorded(STRATEGIES[settings["strategy"]]):
        def aggregate_train(self, server_round, replies):
            replies = list(replies)
            # Before they are aggregated: some strategies take the arrays out of them.
            told = [
                {"arrays": plain(reply.content["arrays"]), "metrics": dict(reply.content["metrics"])}
                if reply.has_content()
                else {"error": reply.error.reason}
                for reply in replies
            ]
            arrays, metrics = super().aggregate_train(server_round, replies)
            rounds.append(
                {
                    "replies": told,
                    "arrays": None if arrays is None else plain(arrays),
                    "metrics": None if metrics is None else dict(metrics),
                }
            )
            return arrays, metrics

        def aggregate_evaluate(self, server_round, replies):
            metrics = super().aggregate_evaluate(server_round, replies)
            rounds[-1]["evaluation"] = None if metrics is None else dict(metrics)
            return metrics

    nodes = int(settings["nodes"])
    proximal = {"proximal_mu": 0.1} if settings["strategy"] == "FedProx" else {}
    strategy = Recorded(
        min_train_nodes=nodes, min_evaluate_nodes=nodes, min_available_nodes=nodes, **proximal
    )
    arrays = {name: np.zeros(shape, dtype=np.float32) for name, shape in SHAPES.items()}
    if settings["extras"]:
        arrays |= EXTRAS
    result = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord({name: Array(array) for name, array in arrays.items()}),
        train_config=ConfigRecord({"lr": 0.5}),
        num_rounds=int(settings["rounds"]),
    )
    if settings["out"]:
        with open(str(settings["out"]), "w", encoding="utf-8") as file:
            json.dump({"rounds": rounds, "arrays": plain(result.arrays)}, file)
