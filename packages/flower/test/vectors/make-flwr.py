"""Makes flwr.json: objects, records and messages as flwr writes them, arrays as NumPy writes them, halves as both round.

    python -m venv /tmp/flwr && /tmp/flwr/bin/pip install flwr==1.42.0 numpy==2.4.6 ml_dtypes==0.6.0
    /tmp/flwr/bin/python make-flwr.py > flwr.json
"""

import base64
import io
import json

import ml_dtypes
import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord, RecordDict
from flwr.app.message.message import make_message
from flwr.app.metadata import Metadata
from flwr.app.error import Error
from flwr.proto import fleet_pb2, message_pb2, node_pb2
from flwr.common.serde import message_to_proto
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def saved(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


rng = np.random.default_rng(1)
grid = np.array([[0, 1, 2], [100, 7, 1]])
arrays = {}
for dtype in ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"]:
    for order in "<>":
        for layout in "CF":
            values = (grid > 1 if dtype == "b1" else grid).astype(np.dtype(dtype).newbyteorder(order))
            arrays[f"{order}{dtype}{layout}"] = (np.asarray(values, order=layout), str(np.dtype(dtype)))
arrays["scalar"] = (np.array(0.5, dtype=np.float32), "float32")
arrays["empty"] = (np.zeros((0, 3), dtype=np.float32), "float32")
arrays["one"] = (np.array([3], dtype=np.float32), "float32")
arrays["cube"] = (np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4)), "float32")
arrays["bfloat16"] = (grid.astype(ml_dtypes.bfloat16).view("V2"), "bfloat16")

npy = []
for name, (array, dtype) in arrays.items():
    npy.append(
        {
            "name": name,
            "dtype": dtype,
            "shape": array.shape,
            "file": b64(saved(array)),
            "values": [float(x) for x in (grid if dtype == "bfloat16" else array).flatten()],
        }
    )

doubles = np.concatenate(
    [
        rng.normal(size=200) * 10.0 ** rng.integers(-9, 6, 200),
        # Halfway between neighbours, and a hair beside it, for each of the two.
        *(
            (1 + (np.arange(8) + half) * 2.0**-bits) * 2.0**e
            for bits in (10, 7)
            for half in (0.5, 0.5 + 2.0**-30, 0.5 - 2.0**-30)
            for e in (-24, -15, -14, 0, 15)
        ),
        [0.0, -0.0, 65504.0, 65519.99, 65520.0, -1e9, 2.0**-24, 2.0**-25, 2.0**-25 * 1.0001, 3.4e38, 1e-45],
    ]
)
singles = doubles.astype(np.float32)
halves = {
    "values": [float(x) for x in singles],
    "float16": singles.astype(np.float16).view(np.uint16).tolist(),
    "bfloat16": singles.astype(ml_dtypes.bfloat16).view(np.uint16).tolist(),
}

records = RecordDict(
    {
        "arrays": ArrayRecord(
            {
                "b": Array(np.arange(3, dtype=np.float32)),
                "10": Array(np.zeros((2, 2), dtype=np.float32)),
                "2": Array(np.zeros((2, 2), dtype=np.float32)),
            }
        ),
        "metrics": MetricRecord({"loss": 0.25, "num-examples": 3, "list": [1, -2], "floats": [0.5]}),
        "config": ConfigRecord(
            {
                "lr": 0.5,
                "minus": -(2**63),
                "yes": True,
                "name": "naïve",
                "raw": b"\x00\x01",
                "names": ["a", ""],
                "flags": [True, False],
                "raws": [b"\x02"],
            }
        ),
    }
)


def metadata() -> Metadata:
    return Metadata(
        run_id=2**63 + 5,
        message_id="",
        src_node_id=1,
        dst_node_id=2**64 - 1,
        reply_to_message_id="",
        group_id="4",
        created_at=1796000000.25,
        ttl=43200.0,
        message_type="train",
    )


message = make_message(metadata=metadata(), content=records)
failed = make_message(metadata=metadata(), error=Error(code=2, reason="why"))


def described(root) -> dict:
    objects = get_all_nested_objects(root)
    return {"id": root.object_id, "objects": {key: b64(value.deflate()) for key, value in objects.items()}}


envelopes = []
for one in (message, failed):
    one.metadata.__dict__["_message_id"] = one.object_id
    proto = message_to_proto(one)
    if proto.HasField("content"):
        proto.content.Clear()  # As it travels: present and empty.
    envelopes.append(b64(proto.SerializeToString(deterministic=True)))

push = fleet_pb2.PushMessagesRequest(
    node=node_pb2.Node(node_id=2**64 - 1),
    messages_list=[message_pb2.Message.FromString(base64.b64decode(envelopes[1]))],
    message_object_trees=[
        message_pb2.ObjectTree(object_id="a", children=[message_pb2.ObjectTree(object_id="b")]),
    ],
    clientapp_runtime_list=[0.5, 2.0],
)

print(
    json.dumps(
        {
            "source": "make-flwr.py beside this file: flwr 1.42.0, numpy 2.4.6, ml_dtypes 0.6.0",
            "npy": npy,
            "halves": halves,
            "message": described(message),
            "error": described(failed),
            "envelopes": envelopes,
            "push": b64(push.SerializeToString(deterministic=True)),
        },
        separators=(",", ":"),
    )
)
