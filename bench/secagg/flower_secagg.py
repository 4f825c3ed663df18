"""Flower's own SecAgg+ in one process: its workflow, its client mod, and a grid that calls the one from the other.

flower_secagg.py <clients> <entries> <dropped> <runs>: a line of JSON for each run, CPU milliseconds of the server and of the
median client that answered everything, and the bytes of its masked vectors. The dropped fall silent before their input.
"""

import copy
import json
import logging
import sys
import time

import flwr
import numpy as np
from flwr.app import ConfigRecord, Context, RecordDict
from flwr.client.mod import secaggplus_mod
from flwr.common import Code, FitRes, Message, Status, ndarrays_to_parameters
from flwr.common.secure_aggregation.secaggplus_constants import RECORD_KEY_CONFIGS
from flwr.compat.common import recorddict_compat as compat
from flwr.server import LegacyContext, ServerConfig, SimpleClientManager
from flwr.server.client_proxy import ClientProxy
from flwr.server.strategy import FedAvg
from flwr.server.workflow import SecAggPlusWorkflow
from flwr.server.workflow.constant import MAIN_CONFIGS_RECORD, MAIN_PARAMS_RECORD, Key
from flwr.supercore.task_identity import TaskIdentity

logging.getLogger("flwr").setLevel(logging.ERROR)
TaskIdentity.task_id = TaskIdentity.run_id = 1
TaskIdentity.node_id = 0
CLIENTS, ENTRIES, DROPPED, RUNS = (int(word) for word in sys.argv[1:5])
INPUT_STAGE = 2


class Proxy(ClientProxy):
    """A name with a node; nobody asks it anything."""

    def __init__(self, node_id):
        super().__init__(str(node_id))
        self.node_id = node_id

    get_properties = get_parameters = fit = evaluate = reconnect = None


Proxy.__abstractmethods__ = frozenset()


def context(node_id):
    return Context(run_id=1, node_id=node_id, node_config={}, state=RecordDict(), run_config={})


class InProcessGrid:
    """Hands each message to the client mod and its answer back, and notes who spent what."""

    def __init__(self, nodes):
        self.contexts = {node: context(node) for node in nodes}
        self.silent = set(nodes[:DROPPED])
        self.client = dict.fromkeys(nodes, 0.0)
        self.upload = {}
        self.copying = 0.0
        self.stage = 0

    def send_and_receive(self, messages, *, timeout=None):
        answers = []
        stage, self.stage = self.stage, self.stage + 1
        for message in messages:
            node = message.metadata.dst_node_id
            if stage >= INPUT_STAGE and node in self.silent:
                continue
            # The mod takes entries out of what it is given; over a network each node has bytes of its own.
            began = time.process_time()
            own = copy.deepcopy(message)
            own.metadata.__dict__["_message_id"] = f"{stage}-{node}"
            self.copying += time.process_time() - began
            began = time.process_time()
            answer = secaggplus_mod(own, self.contexts[node], train)
            self.client[node] += time.process_time() - began
            if stage == INPUT_STAGE:
                config = answer.content.config_records[RECORD_KEY_CONFIGS]
                vectors = [item for value in config.values() if isinstance(value, list) for item in value]
                self.upload[node] = sum(len(item) for item in vectors if isinstance(item, bytes))
            answers.append(answer)
        return answers


UPDATE = ndarrays_to_parameters([np.full(ENTRIES, 0.5, dtype=np.float32)])


def train(message, _context):
    result = FitRes(Status(Code.OK, ""), UPDATE, 1, {})
    return Message(compat.fitres_to_recorddict(result, keep_input=True), reply_to=message)


def run():
    nodes = list(range(1, CLIENTS + 1))
    grid = InProcessGrid(nodes)
    manager = SimpleClientManager()
    for node in nodes:
        manager.register(Proxy(node))
    strategy = FedAvg(fraction_fit=1.0, min_fit_clients=CLIENTS, min_available_clients=CLIENTS)
    server = LegacyContext(context(0), config=ServerConfig(num_rounds=1), strategy=strategy, client_manager=manager)
    server.state.config_records[MAIN_CONFIGS_RECORD] = ConfigRecord({Key.CURRENT_ROUND: 1})
    server.state.array_records[MAIN_PARAMS_RECORD] = compat.parameters_to_arrayrecord(UPDATE, keep_input=True)
    workflow = SecAggPlusWorkflow(num_shares=1.0, reconstruction_threshold=11 / 20, max_weight=1)
    began = time.process_time()
    workflow(grid, server)
    total = time.process_time() - began
    result = server.state.array_records[MAIN_PARAMS_RECORD]
    values = compat.arrayrecord_to_parameters(result, keep_input=True)
    mean = float(np.mean(flwr.common.parameters_to_ndarrays(values)[0]))
    assert abs(mean - 0.5) < 1e-3, f"the mean is {mean}"
    answered = sorted(time for node, time in grid.client.items() if node not in grid.silent)
    spent = sum(grid.client.values())
    return {
        "version": flwr.__version__,
        "server": 1000 * (total - spent - grid.copying),
        "client": 1000 * answered[len(answered) // 2],
        "whole": 1000 * (total - grid.copying),
        "upload": sorted(grid.upload.values())[len(grid.upload) // 2],
    }


for _ in range(RUNS):
    print(json.dumps(run()), flush=True)
