"""dp_accounting's upper bounds for events asked line by line in JSON; "unsupported" where it has none."""

import json
import sys
import warnings
from importlib.metadata import version

import dp_accounting as dp
from dp_accounting import pld

warnings.filterwarnings("ignore")
RELATIONS = {
    "add-or-remove": dp.NeighboringRelation.ADD_OR_REMOVE_ONE,
    "replace-one": dp.NeighboringRelation.REPLACE_ONE,
    "replace-special": dp.NeighboringRelation.REPLACE_SPECIAL,
}


def convert(event):
    kind = event["kind"]
    if kind == "gaussian":
        # Its PLD accountant too reads noise beside the norm of one record, and moves by two of them under replace-one.
        return dp.GaussianDpEvent(event["noiseStd"] / event["recordNorm"])
    if kind == "laplace":
        return dp.LaplaceDpEvent(event["scale"] / event["recordNorm"])
    if kind == "poisson-sampled":
        return dp.PoissonSampledDpEvent(event["probability"], convert(event["event"]))
    if kind == "mixture-of-gaussians":
        return dp.MixtureOfGaussiansDpEvent(event["noiseStd"], event["norms"], event["probabilities"])
    if kind == "randomized-response":
        return dp.RandomizedResponseDpEvent(event["noiseProbability"], event["buckets"])
    raise NotImplementedError(kind)


def answer(question):
    event = convert(question["event"])
    accountant = pld.PLDAccountant(RELATIONS[question["neighboring"]], value_discretization_interval=1e-3)
    rounds = question["rounds"]
    if question["event"]["kind"] == "randomized-response":
        # Its count of randomized responses is ignored, so they are composed one at a time.
        for _ in range(rounds):
            accountant.compose(event)
    else:
        accountant.compose(event, rounds)
    return accountant.get_epsilon(question["delta"])


print(f"dp_accounting {version('dp-accounting')}", flush=True)
for line in sys.stdin:
    try:
        print(answer(json.loads(line)), flush=True)
    except Exception:  # whatever it cannot take is not compared
        print("unsupported", flush=True)
