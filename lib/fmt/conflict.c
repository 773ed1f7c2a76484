/* Writing and finding conflict marks. */
#include "fmt/conflict.h"

static void add_mark(struct strbuf *out, char c, size_t size, const char *label)
{
	while (size--)
		strbuf_addc(out, c);
	strbuf_addf(out, "%s%s\n", *label ? " " : "", label);
}

static void add_lines(struct strbuf *out, struct str s)
{
	strbuf_add(out, s.p, s.n);
	if (s.n && s.p[s.n - 1] != '\n')
		strbuf_addc(out, '\n');
}

/* Bytes of whole lines that both start with. */
static size_t common_head(struct str a, struct str b)
{
	size_t n = 0;

	for (size_t i = 0; i < a.n && i < b.n && a.p[i] == b.p[i]; i++)
		if (a.p[i] == '\n')
			n = i + 1;
	return n;
}

/* Bytes of whole lines that both end with. */
static size_t common_tail(struct str a, struct str b)
{
	size_t n = 0;

	for (size_t i = 0; i < a.n && i < b.n && a.p[a.n - 1 - i] == b.p[b.n - 1 - i]; i++)
		if (a.p[a.n - 1 - i] == '\n')
			n = i;
	return n;
}

static struct str slice(struct str s, size_t from, size_t behind)
{
	return (struct str){ s.p + from, s.n - from - behind };
}

void conflict_write(struct str ours, struct str theirs, size_t size, struct strbuf *out)
{
	size_t head = common_head(ours, theirs);
	size_t tail = common_tail(slice(ours, head, 0), slice(theirs, head, 0));

	strbuf_add(out, ours.p, head);
	add_mark(out, '<', size, "ours");
	add_lines(out, slice(ours, head, tail));
	add_mark(out, '=', size, "");
	add_lines(out, slice(theirs, head, tail));
	add_mark(out, '>', size, "theirs");
	strbuf_add(out, ours.p + ours.n - tail, tail);
}

bool conflict_is_in(struct str text)
{
	while (text.n) {
		struct str line = str_split(text, '\n', &text);

		if (line.n > CONFLICT_MARKS && !memcmp(line.p, "<<<<<<<", CONFLICT_MARKS))
			return true;
	}
	return false;
}

#define NOTES_MAX       20
#define NOTES_MAX_BYTES ((size_t)16 << 10)

bool conflict_note_begin(struct conflict_notes *notes)
{
	if (notes->n == NOTES_MAX || notes->text.len > NOTES_MAX_BYTES) {
		notes->left_out++;
		return false;
	}
	notes->n++;
	return true;
}

void conflict_note(struct conflict_notes *notes, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	autofree char *line = xvasprintf(fmt, ap);
	va_end(ap);
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	strbuf_addf(&notes->text, "# %s\n", line);
}

void conflict_notes_write(const struct conflict_notes *notes, struct strbuf *out)
{
	strbuf_add(out, notes->text.buf, notes->text.len);
	if (notes->left_out)
		strbuf_addf(out, "# and %zu more\n", notes->left_out);
}
