"""azure_container.py ENDPOINT ACCOUNT KEY NAME: makes a blob container; fine when it is there.

With `sas` as fifth argument it prints a token for all of the account's blobs instead.
"""
import base64
import datetime
import hashlib
import hmac
import sys
import urllib.error
import urllib.parse
import urllib.request

endpoint, account, key, name = sys.argv[1:5]
path = urllib.parse.urlsplit(endpoint).path


def signed(text):
    return base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()


if sys.argv[5:] == ["sas"]:
    end = (datetime.datetime.utcnow() + datetime.timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    fields = [account, "rwdlac", "b", "sco", "", end, "", "", "2020-08-04", ""]
    print(urllib.parse.urlencode({"sv": "2020-08-04", "ss": "b", "srt": "sco", "sp": "rwdlac", "se": end,
                                  "sig": signed("\n".join(fields))}))
    sys.exit()
date = datetime.datetime.utcnow().strftime("%a, %d %b %Y %H:%M:%S GMT")
text = (f"PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2021-08-06\n"
        f"/{account}{path}/{name}\nrestype:container")
request = urllib.request.Request(f"{endpoint}/{name}?restype=container", method="PUT", headers={
    "x-ms-date": date, "x-ms-version": "2021-08-06", "Authorization": f"SharedKey {account}:{signed(text)}"})
try:
    urllib.request.urlopen(request)
except urllib.error.HTTPError as e:
    if e.code != 409:
        raise
