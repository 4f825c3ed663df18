# pfl's simulation on the task of `pnpm bench simulation clients`: FedAvg over softmax regression of 4 features and 2 classes, ten examples a
# client, one step over all of them, in NumPy, which pfl takes models of as they are. Every client has as many examples, so that pfl's plain
# mean is FedAvg's. Prints the model and the processor time of this process, which is all that pfl uses.
import sys
import time

import numpy as np
from pfl.aggregate.simulate import SimulatedBackend
from pfl.algorithm.base import NNAlgorithmParams
from pfl.algorithm.federated_averaging import FederatedAveraging
from pfl.data.dataset import Dataset
from pfl.data.federated_dataset import FederatedDataset
from pfl.data.sampling import get_user_sampler
from pfl.hyperparam.base import NNTrainHyperParams
from pfl.internal.ops import numpy_ops
from pfl.internal.ops.selector import set_framework_module
from pfl.metrics import Metrics
from pfl.model.base import StatefulModel
from pfl.stats import MappedVectorStatistics

CLIENTS, ROUNDS = int(sys.argv[1]), int(sys.argv[2])
INPUTS = ((np.arange(40) % 7) / 7).reshape(10, 4).astype(np.float32)
LABELS = np.arange(10) % 2
ROWS = np.arange(10)


class Softmax(StatefulModel):
    def __init__(self):
        self.weight = np.zeros((4, 2), np.float32)
        self.bias = np.zeros(2, np.float32)

    def step(self, inputs, labels, rate):
        logits = inputs @ self.weight + self.bias
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        shares[ROWS, labels] -= 1
        self.weight -= rate * (inputs.T @ shares) / 10
        self.bias -= rate * shares.mean(axis=0)

    def get_parameters(self, placeholders=None):
        if placeholders is None:
            return MappedVectorStatistics({"weight": self.weight.copy(), "bias": self.bias.copy()})
        np.copyto(placeholders["weight"], self.weight)
        np.copyto(placeholders["bias"], self.bias)
        return placeholders

    def set_parameters(self, w):
        np.copyto(self.weight, w["weight"])
        np.copyto(self.bias, w["bias"])

    def get_model_difference(self, other_parameters, clone=False):
        return MappedVectorStatistics(
            {"weight": self.weight - other_parameters["weight"], "bias": self.bias - other_parameters["bias"]}
        )

    def apply_model_update(self, statistics):
        self.weight += statistics["weight"]
        self.bias += statistics["bias"]
        return self, Metrics()

    def evaluate(self, dataset, name_formatting_fn, eval_params=None):
        return Metrics()

    def save(self, dir_path):
        pass

    def load(self, dir_path):
        pass


class Averaging(FederatedAveraging):
    # pfl's own bridge to local training knows PyTorch, TensorFlow and MLX alone.
    def train_one_user(self, initial_model_state, model, user_dataset, central_context):
        model.step(*user_dataset.raw_data, central_context.model_train_params.local_learning_rate)
        return model.get_model_difference(initial_model_state), Metrics()


set_framework_module(numpy_ops)
data = FederatedDataset(
    lambda user: Dataset((INPUTS, LABELS), user_id=user), get_user_sampler("minimize_reuse", list(range(CLIENTS)))
)
model = Averaging().run(
    algorithm_params=NNAlgorithmParams(
        central_num_iterations=ROUNDS, evaluation_frequency=10**9, train_cohort_size=CLIENTS, val_cohort_size=None
    ),
    backend=SimulatedBackend(training_data=data, val_data=data),
    model=Softmax(),
    model_train_params=NNTrainHyperParams(local_batch_size=None, local_num_epochs=1, local_learning_rate=0.1),
)
print("model", *(repr(float(value)) for value in [*model.weight.ravel(), *model.bias]))
print(f"processor seconds {time.process_time():.2f}")
