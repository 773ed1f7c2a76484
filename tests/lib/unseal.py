"""Sealed objects, by mlops-sealed(5) alone. As a program: unseal.py KEYFILE OID FILE writes the object."""
import ctypes
import ctypes.util
import hashlib
import hmac
import struct
import sys

crypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
for name in "EVP_CIPHER_CTX_new", "EVP_aes_256_gcm", "EVP_chacha20_poly1305":
    getattr(crypto, name).restype = ctypes.c_void_p
SET_TAG, CHUNK = 0x11, 65536


def aead_open(cipher, key, nonce, aad, data):
    evp = crypto.EVP_aes_256_gcm if cipher == 1 else crypto.EVP_chacha20_poly1305
    data, tag = data[:-16], data[-16:]
    ctx, out, n = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new()), ctypes.create_string_buffer(len(data) + 16), ctypes.c_int()
    assert crypto.EVP_DecryptInit_ex(ctx, ctypes.c_void_p(evp()), None, key, nonce) == 1
    assert crypto.EVP_CIPHER_CTX_ctrl(ctx, SET_TAG, 16, tag) == 1
    if aad:
        assert crypto.EVP_DecryptUpdate(ctx, None, ctypes.byref(n), aad, len(aad)) == 1
    if data:
        assert crypto.EVP_DecryptUpdate(ctx, out, ctypes.byref(n), data, len(data)) == 1
    good = crypto.EVP_DecryptFinal_ex(ctx, ctypes.byref(out, len(data)), ctypes.byref(n)) == 1
    crypto.EVP_CIPHER_CTX_free(ctx)
    assert good, "a tag is wrong"
    return out.raw[:len(data)]


class Key:
    def __init__(self, path):
        self.key = bytes.fromhex(open(path).read().strip())
        self.id = self.derive(b"mlops sealed 1 key id")[:8]

    def derive(self, info):
        return hmac.digest(self.key, info + b"\1", "sha256")

    def name(self, oid):
        return hmac.digest(self.derive(b"mlops sealed 1 names"), bytes.fromhex(oid), "sha256").hex()

    def open(self, name, data):
        magic, version, cipher, key_id, salt, stored_name, tag, check = struct.unpack_from("<4sIB7x8s32s32s16s8s", data)
        assert hashlib.sha256(data[:104]).digest()[:8] == check and (magic, version) == (b"MLSE", 1)
        assert key_id == self.id and stored_name.hex() == name
        key = self.derive(b"mlops sealed 1 object" + salt)
        aead_open(cipher, key, bytes(11) + b"\2", data[:88], tag)
        chunks = [data[i:i + CHUNK + 16] for i in range(112, len(data), CHUNK + 16)]
        return b"".join(aead_open(cipher, key, struct.pack("<Q3xB", i, i == len(chunks) - 1), None, chunk)
                        for i, chunk in enumerate(chunks))


if __name__ == "__main__":
    key = Key(sys.argv[1])
    plain = key.open(key.name(sys.argv[2]), open(sys.argv[3], "rb").read())
    assert hashlib.sha256(plain).hexdigest() == sys.argv[2]
    sys.stdout.buffer.write(plain)
