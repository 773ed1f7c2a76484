"""Real clients against a gateway: serve_clients.py triton HOST:PORT, or openai URL. A line a fact, as gateway.py."""
import queue
import sys


def point(ok, name, detail=""):
    print(f"{0 if ok else 1} {name}" + ("" if ok else f": {detail!r}"), flush=True)


def triton_infer(module, client, name):
    import numpy
    for rows in (1, 3, 5000):
        x = numpy.arange(rows * 3, dtype=numpy.float32).reshape(rows, 3)
        tensor = module.InferInput("x", list(x.shape), "FP32")
        tensor.set_data_from_numpy(x)
        y = client.infer("wine", [tensor], request_id="7").as_numpy("predictions")
        point(y.shape == (rows,) and numpy.allclose(y, x.sum(1)), f"{name}: {rows} rows", y)
    if name == "HTTP":
        tensor.set_data_from_numpy(x, binary_data=False)
        y = client.infer("wine", [tensor]).as_numpy("predictions")
        point(numpy.allclose(y, x.sum(1)), "HTTP: as JSON")
    point(y.dtype == numpy.float64, f"{name}: floats stay floats", y.dtype)


def is_ready(client, model):
    try:
        return client.is_model_ready(model)
    except Exception:
        return False


def triton(where):
    import tritonclient.grpc as g
    import tritonclient.http as h
    for module, name in ((g, "gRPC"), (h, "HTTP")):
        client = module.InferenceServerClient(where)
        point(client.is_server_live() and client.is_server_ready() and client.is_model_ready("wine"), f"{name}: it is ready")
        point(not is_ready(client, "other"), f"{name}: another model is not")
        meta = client.get_model_metadata("wine")
        point((meta.name if name == "gRPC" else meta["name"]) == "wine", f"{name}: metadata", meta)
        triton_infer(module, client, name)
        try:
            client.infer("other", [])
            point(False, f"{name}: another model is refused")
        except Exception as error:
            point("no model 'other' here" in str(error), f"{name}: another model is refused", error)
    import numpy
    client, done = g.InferenceServerClient(where), queue.Queue()
    x = numpy.ones((1, 3), dtype=numpy.float64)
    tensor = g.InferInput("x", [1, 3], "FP64")
    tensor.set_data_from_numpy(x)
    for _ in range(500):
        client.async_infer("wine", [tensor], callback=lambda result, error: done.put((result, error)))
    answers = [done.get(timeout=60) for _ in range(500)]
    point(all(e is None and r.as_numpy("predictions")[0] == 3 for r, e in answers), "gRPC: 500 requests at a time")


def openai(url):
    from openai import AuthenticationError, OpenAI
    messages = [{"role": "user", "content": "hello"}]
    client = OpenAI(base_url=url, api_key="secret", max_retries=0)
    parts = client.chat.completions.with_raw_response.create(model="m", messages=messages, stream=True)
    point(parts.http_response.headers["content-type"] == "text/event-stream", "OpenAI: a stream of events")
    point(b"".join(parts.http_response.iter_raw()).endswith(b"[DONE]\n\n"), "OpenAI: to its end")
    try:
        OpenAI(base_url=url, api_key="wrong", max_retries=0).chat.completions.create(model="m", messages=messages)
        point(False, "OpenAI: a wrong key is refused")
    except AuthenticationError:
        point(True, "OpenAI: a wrong key is refused")


globals()[sys.argv[1]](sys.argv[2])
