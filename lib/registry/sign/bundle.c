/*
 * A statement in a DSSE envelope (secure-systems-lab/dsse 1.0.2) in a Sigstore bundle (0.3), as the
 * OpenSSF Model Signing specification 1.0 wants it for keys: the key is named by its hash.
 */
#include "base/base64.h"
#include "fmt/json.h"
#include "registry/sign/sign.h"

#define MEDIA_TYPE   "application/vnd.dev.sigstore.bundle.v0.3+json"
#define PAYLOAD_TYPE "application/vnd.in-toto+json"

/* What is signed: the pre-authentication encoding. */
static void pae(struct strbuf *out, struct str payload)
{
	strbuf_addf(out, "DSSEv1 %zu %s %zu ", sizeof(PAYLOAD_TYPE) - 1, PAYLOAD_TYPE, payload.n);
	strbuf_add(out, payload.p, payload.n);
}

static struct json *base64_json(const struct strbuf *bytes)
{
	autobuf text = { 0 };

	base64_encode(&text, bytes->buf, bytes->len);
	return js_strn(text.buf, text.len);
}

static struct json *envelope(const struct strbuf *payload, const struct strbuf *signature)
{
	struct json *env = js_obj(), *list = js_arr(), *one = js_obj();

	js_set(one, "sig", base64_json(signature));
	js_set(one, "keyid", js_str(""));
	js_push(list, one);
	js_set(env, "payload", base64_json(payload));
	js_set(env, "payloadType", js_str(PAYLOAD_TYPE));
	js_set(env, "signatures", list);
	return env;
}

int bundle_seal(const struct json *statement, const struct signer *key, struct strbuf *out,
		struct mlops_error *err)
{
	autobuf payload = { 0 }, message = { 0 }, signature = { 0 };
	autojson *bundle = js_obj();

	js_dump(statement, JS_COMPACT, &payload);
	pae(&message, (struct str){ payload.buf, payload.len });
	if (signer_sign(key, message.buf, message.len, &signature, err))
		return -1;
	struct json *material = js_obj(), *public = js_obj();
	js_set(public, "hint", js_str(signer_id(key)));
	js_set(material, "publicKey", public);
	js_set(material, "tlogEntries", js_arr());
	js_set(bundle, "mediaType", js_str(MEDIA_TYPE));
	js_set(bundle, "verificationMaterial", material);
	js_set(bundle, "dsseEnvelope", envelope(&payload, &signature));
	js_dump(bundle, JS_COMPACT, out);
	strbuf_addc(out, '\n');
	return 0;
}

static bool decode(const struct json *text, struct strbuf *out)
{
	return js_text(text) && base64_decode(js_text(text), js_text_len(text), out);
}

static const struct signer *find_signer(const struct json *env, const struct strbuf *message,
					struct signer *const *keys, size_t n)
{
	const struct json *list = js_get(env, "signatures");

	for (size_t i = 0; i < js_len(list); i++) {
		autobuf signature = { 0 };

		if (!decode(js_get(js_at(list, i), "sig"), &signature))
			continue;
		for (size_t k = 0; k < n; k++)
			if (signer_verifies(keys[k], message->buf, message->len,
					    (struct str){ signature.buf, signature.len }))
				return keys[k];
	}
	return NULL;
}

static int fail_unsigned(const struct json *bundle, const char *what, struct mlops_error *err)
{
	const struct json *material = js_get(bundle, "verificationMaterial");
	const char *hint = js_get_text(js_get(material, "publicKey"), "hint");

	err_set(err, MLOPS_ENO, "%s is not signed by a key that is trusted", what);
	if (hint)
		return err_hint(err, "it says it is by the key %.64s", hint);
	return err_hint(err, "it is by a certificate, and keys alone are verified here");
}

int bundle_open(struct str text, const char *what, struct signer *const *keys, size_t n,
		struct json **statement, const struct signer **by, struct mlops_error *err)
{
	autojson *bundle = NULL, *parsed = NULL;
	autobuf payload = { 0 }, message = { 0 };

	if (js_parse(text.p, text.n, what, &bundle, err))
		return -1;
	const char *media = js_get_text(bundle, "mediaType");
	const struct json *env = js_get(bundle, "dsseEnvelope");
	const char *type = js_get_text(env, "payloadType");
	if (!media || !str_starts(media, "application/vnd.dev.sigstore.bundle") || !type ||
	    strcmp(type, PAYLOAD_TYPE) || !decode(js_get(env, "payload"), &payload))
		return err_set(err, MLOPS_EINVALID, "%s is no Sigstore bundle with a statement", what);
	pae(&message, (struct str){ payload.buf, payload.len });
	const struct signer *found = find_signer(env, &message, keys, n);
	if (!found)
		return fail_unsigned(bundle, what, err);
	if (js_parse(payload.buf, payload.len, what, &parsed, err))
		return -1;
	*statement = steal_ptr(&parsed);
	*by = found;
	return 0;
}
