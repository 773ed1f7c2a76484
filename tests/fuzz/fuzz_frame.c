/*
 * What the object server reads from bodies and headers: framed objects cut into pieces as the
 * input says, lists of names, and credentials.
 */
#include "fuzz.h"

#include "base/base64.h"
#include "remote/remote.h"
#include "serve/token.h"

struct seen {
	uint64_t left;
	bool inside;
};

static int begin(const struct oid *oid, uint64_t size, void *arg, struct mlops_error *err)
{
	struct seen *s = arg;

	(void)oid, (void)err;
	MUST(!s->inside);
	*s = (struct seen){ size, true };
	return 0;
}

static int piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct seen *s = arg;

	(void)buf, (void)err;
	MUST(s->inside && n && n <= s->left);
	s->left -= n;
	return 0;
}

static int end(void *arg, struct mlops_error *err)
{
	struct seen *s = arg;

	(void)err;
	MUST(s->inside && !s->left);
	s->inside = false;
	return 0;
}

static void try_frames(const uint8_t *data, size_t n, size_t step)
{
	struct seen seen = { 0 };
	const struct frame_sink sink = { .begin = begin, .piece = piece, .end = end, .arg = &seen };
	struct frame_reader reader;
	autoerr err = ERR_INIT;

	frame_reader_init(&reader, &sink);
	for (size_t at = 0; at < n; at += step)
		if (refused(frame_reader_add(&reader, data + at, n - at < step ? n - at : step,
					     &err),
			    &err))
			return;
	if (!refused(frame_reader_end(&reader, &err), &err))
		MUST(!seen.inside);
}

static void try_names(const uint8_t *data, size_t n)
{
	struct oid_list list = { 0 };
	autobuf text = { 0 };
	autoerr err = ERR_INIT;

	if (!refused(oid_list_parse((const char *)data, n, 100, &list, &err), &err))
		MUST(list.n <= 100);
	oid_list_print(list.v, list.n, &text);
	MUST(text.len == list.n * (MLOPS_OID_HEX + 1));
	vec_free(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	autofree char *text = xstrndup((const char *)data, n);
	autobuf plain = { 0 };

	try_frames(data, n, n ? n : 1);
	try_frames(data, n, 1 + n % 61);
	try_names(data, n);
	free(token_of_header(text));
	if (base64_decode(text, strlen(text), &plain))
		MUST(plain.len <= n / 4 * 3);
	return 0;
}
