"""Asks a deployment: `client.py URL` prints predictions, `client.py URL FILE` asks until FILE is there."""
import json
import os
import sys
import urllib.request

import wine


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def predict(url, rows):
    """TensorFlow Serving's REST form."""
    return post(f"{url}/v1/models/wine:predict", {"instances": rows})["predictions"]


def infer(url, rows):
    """The Open Inference Protocol's."""
    data = {"name": "rows", "datatype": "FP64", "shape": [len(rows), len(rows[0])], "data": rows}
    return post(f"{url}/v2/models/wine/infer", {"inputs": [data]})


def ask_until(url, rows, stop):
    asked, failed = 0, 0
    while not os.path.exists(stop):
        asked += 1
        try:
            failed += len(predict(url, rows)) != len(rows)
        except (OSError, ValueError, KeyError) as e:
            failed += 1
            print(e, file=sys.stderr)
    print(json.dumps({"asked": asked, "failed": failed}))


def main():
    names, features, _ = wine.read_table("data/wine.csv")
    url, rows = sys.argv[1].rstrip("/"), features[::20]
    if len(sys.argv) > 2:
        ask_until(url, rows[:1], sys.argv[2])
        return
    answers = predict(url, rows)
    assert answers == predict(url, [dict(zip(names, row)) for row in rows]), "rows by name differ"
    assert infer(url, rows)["outputs"], "no outputs"
    for answer in answers:
        print(answer["class"], " ".join(f"{p:.6f}" for p in answer["probabilities"]))


if __name__ == "__main__":
    main()
