/* The stack of open elements, each with the text that was seen in it. */
#include "fmt/xml.h"

#include "base/str.h"
#include "gen/xml_lazy.h"

struct element {
	char *name;
	struct strbuf text;
};

struct reader {
	XML_Parser parser;
	struct element open[XML_MAX_DEPTH];
	size_t depth;
	int (*fn)(const char *, const char *, const char *, void *, struct mlops_error *);
	void *arg;
	struct mlops_error *err;
	const char *what;
	int rc; /* what fn returned, or -1 */
};

static void stop(struct reader *r, int rc)
{
	r->rc = rc;
	XML_StopParser(r->parser, XML_FALSE);
}

static const char *local_name(const char *name)
{
	const char *colon = strrchr(name, ':');

	return colon ? colon + 1 : name;
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *r = arg;

	(void)attributes;
	if (r->rc)
		return;
	if (r->depth == XML_MAX_DEPTH) {
		err_set(r->err, MLOPS_ECORRUPT, "%s is nested too deeply", r->what);
		stop(r, -1);
		return;
	}
	r->open[r->depth++] = (struct element){ .name = xstrdup(local_name(name)) };
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
	struct reader *r = arg;

	(void)name;
	if (r->rc)
		return;
	struct element *e = &r->open[--r->depth];
	const char *parent = r->depth ? r->open[r->depth - 1].name : "";
	int rc = r->fn(e->name, e->text.buf ? e->text.buf : "", parent, r->arg, r->err);

	free(e->name);
	strbuf_clear(&e->text);
	if (rc)
		stop(r, rc);
}

static void XMLCALL on_text(void *arg, const XML_Char *s, int n)
{
	struct reader *r = arg;

	if (r->rc || !r->depth)
		return;
	struct element *e = &r->open[r->depth - 1];
	if ((size_t)n > XML_MAX_TEXT - e->text.len) {
		err_set(r->err, MLOPS_ECORRUPT, "%s holds a text that is too long", r->what);
		stop(r, -1);
		return;
	}
	strbuf_add(&e->text, s, (size_t)n);
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *system,
			       const XML_Char *public, int has_subset)
{
	struct reader *r = arg;

	(void)name, (void)system, (void)public, (void)has_subset;
	err_set(r->err, MLOPS_ECORRUPT, "%s has a document type, which is not taken", r->what);
	stop(r, -1);
}

static int parse(struct reader *r, const char *text, size_t n)
{
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_start, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	if (n > INT32_MAX)
		return err_set(r->err, MLOPS_ECORRUPT, "%s is too long", r->what);
	if (XML_Parse(r->parser, text, (int)n, XML_TRUE) != XML_STATUS_ERROR || r->rc)
		return r->rc;
	return err_set(r->err, MLOPS_ECORRUPT, "%s is no XML: %s", r->what,
		       XML_ErrorString(XML_GetErrorCode(r->parser)));
}

int xml_each(const char *text, size_t n, const char *what,
	     int (*fn)(const char *, const char *, const char *, void *, struct mlops_error *),
	     void *arg, struct mlops_error *err)
{
	struct reader r = { .fn = fn, .arg = arg, .err = err, .what = what };

	if (xml_lazy_load(err))
		return -1;
	r.parser = XML_ParserCreate(NULL);
	if (!r.parser)
		abort(); /* no memory */
	int rc = parse(&r, text, n);
	XML_ParserFree(r.parser);
	while (r.depth) {
		struct element *e = &r.open[--r.depth];

		free(e->name);
		strbuf_clear(&e->text);
	}
	return rc;
}
