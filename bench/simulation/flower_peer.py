# Flower's simulation on the task of `pnpm bench simulation clients`: FedAvg over softmax regression of 4 features and 2 classes, ten examples a
# client, one step over all of them. Prints the model, and the processor time of this process and of all that it started.
import sys
import threading
import time

import numpy as np
import psutil
from flwr.client import ClientApp, NumPyClient
from flwr.common import ndarrays_to_parameters, parameters_to_ndarrays
from flwr.server import ServerApp, ServerAppComponents, ServerConfig
from flwr.server.strategy import FedAvg
from flwr.simulation import run_simulation

CLIENTS, ROUNDS = int(sys.argv[1]), int(sys.argv[2])
INPUTS = ((np.arange(40) % 7) / 7).reshape(10, 4).astype(np.float32)
LABELS = np.arange(10) % 2


class Client(NumPyClient):
    def fit(self, parameters, config):
        weight, bias = parameters
        logits = INPUTS @ weight + bias
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        shares[np.arange(10), LABELS] -= 1
        weight = weight - 0.1 * INPUTS.T @ shares / 10
        bias = bias - 0.1 * shares.mean(axis=0)
        return [weight.astype(np.float32), bias.astype(np.float32)], 10, {}


class Averaging(FedAvg):
    last = None

    def aggregate_fit(self, server_round, results, failures):
        parameters, metrics = super().aggregate_fit(server_round, results, failures)
        Averaging.last = parameters_to_ndarrays(parameters)
        return parameters, metrics


def server_fn(context):
    zeros = ndarrays_to_parameters([np.zeros((4, 2), np.float32), np.zeros(2, np.float32)])
    strategy = Averaging(fraction_fit=1.0, fraction_evaluate=0.0, min_available_clients=CLIENTS, initial_parameters=zeros)
    return ServerAppComponents(strategy=strategy, config=ServerConfig(num_rounds=ROUNDS))


seen = {}


def watch(stop):
    # Processes come and go: what each had used when it was seen last.
    while not stop.is_set():
        for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
            try:
                times = process.cpu_times()
                seen[process.pid] = times.user + times.system
            except psutil.Error:
                pass
        time.sleep(0.1)


stop = threading.Event()
watcher = threading.Thread(target=watch, args=(stop,), daemon=True)
watcher.start()
run_simulation(
    server_app=ServerApp(server_fn=server_fn),
    client_app=ClientApp(client_fn=lambda context: Client().to_client()),
    num_supernodes=CLIENTS,
    backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0.0}},
)
stop.set()
watcher.join()
print("model", *(repr(float(value)) for part in Averaging.last for value in part.ravel()))
print(f"processor seconds {sum(seen.values()):.2f}")
