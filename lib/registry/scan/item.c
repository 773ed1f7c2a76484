/* One item: what it is by content and by name, and which scanners look at it. */
#include "base/path.h"
#include "registry/formats/npy.h"
#include "registry/pickle/pickle.h"
#include "registry/scan/scan.h"

#define HEAD 4096

char *item_base(const char *path)
{
	char *base = xstrdup(path_base(path));

	for (char *c = base; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	return base;
}

bool item_ends(const struct item *it, const char *const *endings)
{
	for (; *endings; endings++)
		if (str_ends(it->base, *endings))
			return true;
	return false;
}

int item_rewind(struct scan *s, struct item *it, struct mlops_error *err)
{
	struct unpack *stream;

	if (!it->src->stream)
		return 0;
	if (it->zip) {
		source_close(it->src);
		source_close(it->hold);
		return zip_member(it->zip, it->entry, s->unpack_left, it->hold, it->src, err);
	}
	autofree char *name = xstrdup(it->src->name);
	source_close(it->src);
	if (unpack_new(it->kind, it->packed, s->unpack_left, &stream, err))
		return -1;
	source_stream(it->src, name, stream);
	return 0;
}

void scan_executable(struct scan *s, struct item *it, const uint8_t *p, size_t n)
{
	static const uint8_t macho[][4] = {
		{ 0xfe, 0xed, 0xfa, 0xce }, { 0xfe, 0xed, 0xfa, 0xcf },
		{ 0xce, 0xfa, 0xed, 0xfe }, { 0xcf, 0xfa, 0xed, 0xfe },
	};
	const char *kind = NULL;

	if (n >= 20 && !memcmp(p, "\x7f" "ELF", 4) && (p[4] == 1 || p[4] == 2))
		kind = "an ELF";
	for (size_t i = 0; n >= 20 && i < ARRAY_LEN(macho); i++)
		if (!memcmp(p, macho[i], 4))
			kind = "a Mach-O";
	if (n >= 64 && p[0] == 'M' && p[1] == 'Z') {
		size_t at = (size_t)p[60] | (size_t)p[61] << 8 | (size_t)p[62] << 16 | (size_t)p[63] << 24;

		if (at <= n - 4 && !memcmp(p + at, "PE\0\0", 4))
			kind = "a PE";
	}
	if (kind)
		scan_find(s, it, it->member ? RULE_EXECUTABLE : RULE_PROGRAM, 0,
			  "%s program or library", kind);
}

/* Text has no NUL and no control characters but those of lines. */
static bool is_text(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 && p[i] != '\n' && p[i] != '\r' && p[i] != '\t' && p[i] != '\f' && p[i] != 0x1b)
			return false;
	return n > 0;
}

/* A file whose end is that of a zip is one for whoever asks Python's zipfile. */
static bool has_zip_end(struct source *src)
{
	autoerr ignored = ERR_INIT;
	const uint8_t *p;
	size_t n = 22 + 65535, got;

	if (src->size == SOURCE_UNKNOWN || src->size < 22)
		return false;
	n = src->size < n ? (size_t)src->size : n;
	if (source_peek(src, src->size - n, n, &p, &got, &ignored) || got < 22)
		return false;
	for (const uint8_t *at = p + got - 22; at >= p; at--)
		if (!memcmp(at, "PK\5\6", 4) && at[20] + 256 * at[21] <= p + got - 22 - at)
			return true;
	return false;
}

static void scan_npy(struct scan *s, struct item *it)
{
	autoerr err = ERR_INIT;
	struct npy_header h;

	if (npy_read(it->src, &h, &err))
		scan_unreadable(s, it, &err);
	else if (h.objects)
		scan_pickles(s, it, h.data_at, SIGN_NAME);
}

/* What is packed is an item of its own, without a name that says anything new. */
static void scan_packed(struct scan *s, struct item *it, enum unpack_kind kind)
{
	static const char *const packed[] = { ".gz", ".bz2", ".xz", ".lzma", ".zst", ".lz4", ".z", NULL };
	autosource inner_src = { .fd = -1 };
	autoerr err = ERR_INIT;
	autofree char *base = xstrdup(it->base);
	struct item inner = *it;
	struct unpack *stream;

	if (it->depth >= SCAN_MAX_DEPTH) {
		scan_find(s, it, RULE_NOT_SCANNED, 0, "it is packed more than %d times", SCAN_MAX_DEPTH);
		return;
	}
	if (item_ends(it, packed))
		*strrchr(base, '.') = '\0';
	inner = (struct item){ .src = &inner_src, .file = it->file, .member = it->member, .base = base,
			       .depth = it->depth + 1, .packed = it->src, .kind = kind };
	if (item_rewind(s, it, &err) || unpack_new(kind, it->src, s->unpack_left, &stream, &err)) {
		mlops_error_clear(&err); /* two bytes looked like it */
		return;
	}
	source_stream(&inner_src, it->src->name, stream);
	scan_item(s, &inner);
}

static void scan_by_name(struct scan *s, struct item *it)
{
	static const char *const headers[] = { ".safetensors", ".gguf", NULL };
	static const char *const graphs[] = { ".pb", ".onnx", ".json", NULL };
	autoerr err = ERR_INIT;

	if (!item_ends(it, headers) && !item_ends(it, graphs))
		return;
	if (item_rewind(s, it, &err)) {
		scan_unreadable(s, it, &err);
		return;
	}
	if (!it->member && item_ends(it, headers))
		scan_header(s, it);
	if (str_ends(it->base, ".pb"))
		scan_tensorflow(s, it);
	if (str_ends(it->base, ".onnx"))
		scan_onnx(s, it);
	if (str_ends(it->base, ".json"))
		scan_json_file(s, it);
}

static enum pickle_sign sign_of(const struct item *it, const uint8_t *head, size_t n)
{
	static const char *const endings[] = { ".pkl", ".pickle", ".joblib", ".dill", ".pck", NULL };

	if (item_ends(it, endings) && unpack_sniff(head, n) == UNPACK_NONE)
		return SIGN_NAME;
	return pickle_sniff(head, n) ? SIGN_MARK : SIGN_NONE;
}

static void scan_rest(struct scan *s, struct item *it, const uint8_t *head, size_t n)
{
	enum unpack_kind kind = unpack_sniff(head, n);
	bool text = is_text(head, n);

	scan_pickles(s, it, 0, sign_of(it, head, n));
	if (kind != UNPACK_NONE)
		scan_packed(s, it, kind);
	scan_by_name(s, it);
	if (text)
		scan_secrets(s, it);
}

void scan_item(struct scan *s, struct item *it)
{
	autoerr err = ERR_INIT;
	const uint8_t *p;
	uint8_t head[HEAD];
	size_t n;

	if (source_peek(it->src, 0, HEAD, &p, &n, &err)) {
		scan_unreadable(s, it, &err);
		return;
	}
	if (!n)
		return;
	memcpy(head, p, n);
	scan_executable(s, it, head, n);
	if (zip_sniff(head, n) || (!it->member && has_zip_end(it->src))) {
		scan_zip(s, it);
		if (zip_sniff(head, n))
			return;
	}
	if (npy_sniff(head, n))
		scan_npy(s, it);
	else if (n >= 8 && !memcmp(head, "\x89HDF\r\n\x1a\n", 8))
		scan_hdf5(s, it);
	else
		scan_rest(s, it, head, n);
}
