/*
 * Uploads in parts, several at a time. The upload's id is noted, so that a try after a kill asks
 * which parts are there and sends the others. A part that is there counts when its ETag is the MD5
 * of ours; where ETags are something else it is sent again.
 */
#include <stdatomic.h>

#include "base/num.h"
#include "base/pool.h"
#include "crypto/md5.h"
#include "fmt/xml.h"
#include "remote/note.h"
#include "remote/s3/s3.h"

#define MAX_PARTS   10000
#define PART_JOBS   4
#define ROUND_UP_TO ((uint64_t)1 << 20)

struct part {
	char *etag; /* of one that is there */
	uint64_t size;
};

struct upload {
	struct s3 *s;
	const struct key_put *put;
	char *id;
	uint64_t part_size;
	size_t n;
	struct part *parts;
	/* While a reply is read: */
	uint64_t number;
	struct part found;
	uint64_t marker; /* of the next page; 0: there is none */
	char *failed;    /* the code of an error in a reply with status 200 */
};

static uint64_t part_size_for(uint64_t size)
{
	uint64_t least = size / MAX_PARTS + 1;

	least = (least + ROUND_UP_TO - 1) / ROUND_UP_TO * ROUND_UP_TO;
	return least > S3_PART ? least : S3_PART;
}

static uint64_t size_of(const struct upload *u, size_t i)
{
	return i + 1 < u->n ? u->part_size : u->put->from->size - u->part_size * (u->n - 1);
}

static char *upload_url(struct upload *u, const char *before, const char *after)
{
	autobuf query = { 0 };

	strbuf_addf(&query, "%suploadId=", before);
	url_encode(&query, u->id, "");
	strbuf_adds(&query, after);
	return s3_url(u->s, u->put->key, query.buf);
}

static int take_id(const char *name, const char *value, const char *parent, void *arg,
		   struct mlops_error *err)
{
	struct upload *u = arg;

	(void)parent, (void)err;
	if (!strcmp(name, "UploadId") && *value) {
		free(u->id);
		u->id = xstrdup(value);
	}
	return 0;
}

static int start(struct upload *u, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "POST", .url = s3_url(u->s, u->put->key, "uploads="));

	if (s3_run(u->s, &c, false, err) ||
	    xml_each(c.r.body.buf ? c.r.body.buf : "", c.r.body.len, "the reply", take_id, u, err))
		return -1;
	return u->id ? 0 :
		       err_set(err, MLOPS_EREMOTE, "remote '%s' began an upload without an id",
			       u->s->web.name);
}

static int take_part(const char *name, const char *value, const char *parent, void *arg,
		     struct mlops_error *err)
{
	struct upload *u = arg;
	bool in_part = !strcmp(parent, "Part");

	(void)err;
	if (in_part && !strcmp(name, "PartNumber") && !num_parse_u64(value, &u->number))
		u->number = 0;
	if (in_part && !strcmp(name, "Size") && !num_parse_u64(value, &u->found.size))
		u->found.size = 0;
	if (in_part && !strcmp(name, "ETag")) {
		free(u->found.etag);
		u->found.etag = xstrdup(value);
	}
	if (!strcmp(name, "NextPartNumberMarker") && !num_parse_u64(value, &u->marker))
		u->marker = 0;
	if (!strcmp(name, "IsTruncated") && strcmp(value, "true"))
		u->number = UINT64_MAX; /* this page is the last */
	if (strcmp(name, "Part"))
		return 0;
	if (u->number && u->number <= u->n) {
		free(u->parts[u->number - 1].etag);
		u->parts[u->number - 1] = u->found;
		u->found.etag = NULL;
	}
	u->number = 0;
	return 0;
}

/* Which parts a former try sent; the upload may be gone. */
static int find_parts(struct upload *u, bool *gone, struct mlops_error *err)
{
	uint64_t marker = 0;

	do {
		char after[64] = "";

		if (marker)
			snprintf(after, sizeof(after), "part-number-marker=%llu&",
				 (unsigned long long)marker);
		autocall c = WEB_CALL(.method = "GET", .url = upload_url(u, after, ""));
		if (s3_run(u->s, &c, true, err))
			return -1;
		*gone = c.r.status == 404;
		u->marker = 0;
		if (!*gone && xml_each(c.r.body.buf ? c.r.body.buf : "", c.r.body.len,
				       "the list of parts", take_part, u, err))
			return -1;
		free(steal_ptr(&u->found.etag));
		bool more = u->marker > marker && u->number != UINT64_MAX;
		marker = more ? u->marker : 0;
		u->number = 0;
	} while (marker);
	return 0;
}

/* Whether the part that is there has our bytes. */
static int is_same(struct upload *u, size_t i, bool *same, struct mlops_error *err)
{
	const struct part *p = &u->parts[i];
	uint64_t size = size_of(u, i);
	char hex[MD5_HEX_SIZE];

	*same = false;
	if (!p->etag || p->size != size)
		return 0;
	autofree char *buf = xmalloc((size_t)size);
	if (remote_source_read(u->put->from, u->part_size * i, buf, (size_t)size, err) ||
	    md5_hex(buf, (size_t)size, hex, err))
		return -1;
	*same = strstr(p->etag, hex) != NULL;
	return 0;
}

static int send_part(size_t i, void *arg, struct mlops_error *err)
{
	struct upload *u = arg;
	char before[64];
	bool same;

	if (is_same(u, i, &same, err) || same)
		return same ? 0 : -1;
	snprintf(before, sizeof(before), "partNumber=%zu&", i + 1);
	autocall c = WEB_CALL(.method = "PUT", .url = upload_url(u, before, ""),
			      .from = u->put->from, .at = u->part_size * i, .n = size_of(u, i));
	if (s3_add_hash(&c, NULL, err) || s3_run(u->s, &c, false, err))
		return -1;
	struct str etag = http_response_header(&c.r, "ETag");
	free(u->parts[i].etag);
	u->parts[i].etag = xstrndup(etag.p, etag.n);
	return etag.n ? 0 :
			err_set(err, MLOPS_EREMOTE, "remote '%s' took a part without an ETag",
				u->s->web.name);
}

static int take_failure(const char *name, const char *value, const char *parent, void *arg,
			struct mlops_error *err)
{
	struct upload *u = arg;

	(void)err;
	if (!strcmp(parent, "Error") && !strcmp(name, "Code")) {
		free(u->failed);
		u->failed = xstrdup(value);
	}
	return 0;
}

static int complete(struct upload *u, struct mlops_error *err)
{
	autobuf body = { 0 };

	strbuf_adds(&body, "<CompleteMultipartUpload>");
	for (size_t i = 0; i < u->n; i++) {
		strbuf_addf(&body, "<Part><PartNumber>%zu</PartNumber><ETag>", i + 1);
		for (const char *c = u->parts[i].etag; *c; c++)
			strbuf_addf(&body, strchr("<&>", *c) ? "&#%d;" : "%c", *c);
		strbuf_adds(&body, "</ETag></Part>");
	}
	strbuf_adds(&body, "</CompleteMultipartUpload>");
	autocall c = WEB_CALL(.method = "POST", .url = upload_url(u, "", ""), .body = body.buf,
			      .n = body.len);
	if (s3_add_hash(&c, NULL, err))
		return -1;
	if (u->put->if_absent)
		web_header(&c, "If-None-Match: *");
	if (web_run(&u->s->web, &c, err))
		return -1;
	if (u->put->if_absent && (c.r.status == 412 || c.r.status == 409))
		return err_set(err, MLOPS_EEXISTS, "'%s' is there already", u->put->key);
	if (!web_succeeded(&c))
		return s3_refused(u->s, &c, err);
	/* The status is sent before the work is done, so the body tells how it went. */
	if (xml_each(c.r.body.buf ? c.r.body.buf : "", c.r.body.len, "the reply", take_failure, u,
		     err))
		return -1;
	return u->failed ? err_set(err, MLOPS_EREMOTE, "remote '%s' failed to put '%s': %.60s",
				   u->s->web.name, u->put->key, u->failed) :
			   0;
}

static void abandon(struct upload *u)
{
	autocall c = WEB_CALL(.method = "DELETE", .url = upload_url(u, "", ""));
	autoerr ignored = ERR_INIT;

	web_run(&u->s->web, &c, &ignored);
}

static int run(struct upload *u, struct upload_note *note, struct mlops_error *err)
{
	bool gone = true;

	if (note->text.len) {
		u->id = xstrndup(note->text.buf, note->text.len);
		if (find_parts(u, &gone, err))
			return -1;
	}
	if (gone) {
		free(steal_ptr(&u->id));
		if (start(u, err))
			return -1;
		note_write(note, u->id);
	}
	unsigned jobs = u->s->jobs ? (unsigned)u->s->jobs : PART_JOBS;
	if (pool_each(jobs, u->n, send_part, u, err) || complete(u, err))
		return -1;
	return 0;
}

int s3_put_parts(struct s3 *s, const struct key_put *put, struct mlops_error *err)
{
	struct upload u = { .s = s, .put = put, .part_size = part_size_for(put->from->size) };
	char hex[MLOPS_OID_HEX + 1];
	struct upload_note note;

	u.n = (size_t)((put->from->size + u.part_size - 1) / u.part_size);
	u.parts = xcalloc(u.n, sizeof(*u.parts));
	autofree char *url = s3_url(s, put->key, NULL),
		      *what = put->oid ? xasprintf("%s %s", url, mlops_oid_hex(put->oid, hex)) :
					 NULL;
	note_open(&note, what ? s->state_dir : NULL, what);
	int rc = run(&u, &note, err);
	/* A try that can't be gone on with must not cost the owner of the bucket. */
	bool keep = rc && note.path && err->kind != MLOPS_EEXISTS;
	if (rc && u.id && !keep)
		abandon(&u);
	note_close(&note, keep);
	for (size_t i = 0; i < u.n; i++)
		free(u.parts[i].etag);
	free(u.parts);
	free(u.failed);
	free(u.id);
	return rc;
}
