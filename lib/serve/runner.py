# Runs a model's predict.py, or an MLflow model, for the gateway. Standard input is the channel, a socket: frames of a
# 32-bit little-endian length and JSON. Argument: the model's folder, which is also the current one.
#   to the gateway    {"ready": true} or {"error": "..."}, once
#   from the gateway  {"rows": [...]}
#   to the gateway    {"predictions": [...]} or {"error": "..."}
import importlib.util
import json
import os
import socket
import struct
import sys
import traceback

MODULE = "_mlops_model_predict"


def take_channel():
    """The channel leaves descriptor 0, and what the model prints goes to the log."""
    channel = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return channel


def receive(channel, n):
    """Exactly n bytes, or None at the end."""
    data = bytearray(n)
    view = memoryview(data)
    while n:
        got = channel.recv_into(view[len(data) - n :])
        if not got:
            return None
        n -= got
    return data


def send(channel, text):
    data = text.encode()
    channel.sendall(struct.pack("<I", len(data)) + data)


def plain(value):
    """Arrays, series and scalars of numeric libraries as lists and numbers."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a prediction of type {type(value).__name__} has no form in JSON")


def describe(error):
    """The exception in one line; where it came from goes to the log."""
    traceback.print_exc()
    sys.stderr.flush()
    return " ".join(f"{type(error).__name__}: {error}".split())


def load_mlflow(folder):
    """predict(rows) of an MLflow model: rows become a table, whose columns have the types it wants."""
    import mlflow.pyfunc
    import numpy
    import pandas

    model = mlflow.pyfunc.load_model(folder)
    schema = model.metadata.get_input_schema()
    tabular = schema is not None and not schema.is_tensor_spec()
    names = schema.input_names() if tabular and schema.has_input_names() else None

    def predict(rows):
        if not names and not (rows and isinstance(rows[0], dict)):
            return model.predict(numpy.asarray(rows))
        table = pandas.DataFrame(rows) if rows and isinstance(rows[0], dict) else pandas.DataFrame(rows, columns=names)
        if names:
            types = dict(zip(names, schema.pandas_types()))
            table = table.astype({name: types[name] for name in table.columns if name in types}, errors="ignore")
        out = model.predict(table)
        return out.to_dict("records") if isinstance(out, pandas.DataFrame) else out

    return predict


def load(folder):
    """predict.py's predict(), after its load() has run; without one, the MLflow model's."""
    sys.path[0] = folder
    path = os.path.join(folder, "predict.py")
    if not os.path.exists(path):
        return load_mlflow(folder)
    spec = importlib.util.spec_from_file_location(MODULE, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module
    spec.loader.exec_module(module)
    if not callable(getattr(module, "predict", None)):
        raise AttributeError("predict.py has no function predict(rows)")
    if callable(getattr(module, "load", None)):
        module.load()
    return module.predict


def answer(predict, rows):
    predictions = plain_list(predict(rows))
    if len(predictions) != len(rows):
        raise ValueError(f"predict() gave {len(predictions)} predictions for {len(rows)} rows")
    return json.dumps({"predictions": predictions}, default=plain, allow_nan=False)


def plain_list(predictions):
    if hasattr(predictions, "tolist"):
        predictions = predictions.tolist()
    if not isinstance(predictions, (list, tuple)):
        raise TypeError(f"predict() gave a {type(predictions).__name__}, not a list")
    return predictions


def main():
    channel = take_channel()
    try:
        predict = load(sys.argv[1])
    except BaseException as error:  # also SystemExit: the gateway wants to know why
        send(channel, json.dumps({"error": describe(error)}))
        sys.exit(1)
    send(channel, json.dumps({"ready": True}))
    while True:
        head = receive(channel, 4)
        body = head and receive(channel, struct.unpack("<I", head)[0])
        if body is None:
            return
        try:
            reply = answer(predict, json.loads(body)["rows"])
        except Exception as error:
            reply = json.dumps({"error": describe(error)})
        send(channel, reply)


main()
