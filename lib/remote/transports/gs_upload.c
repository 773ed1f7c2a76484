/*
 * Uploads in a session, whose address is noted, so that a try after a kill asks how far it came and
 * goes on from there.
 */
#include "crypto/md5.h"
#include "remote/note.h"
#include "remote/transports/gs.h"

#include "base/num.h"

#define CHUNK  ((uint64_t)16 << 20) /* a multiple of 256 KiB, as the service wants it */
#define BUFFER ((size_t)256 << 10)
#define RESUME 308

struct session {
	struct gs *gs;
	const struct key_put *put;
	char *url;
	uint64_t at; /* bytes that are there */
	struct md5 *md5;
	uint64_t hashed;
};

/* The session must be with the service that was asked, whatever its answer says. */
static int take_address(struct session *s, const struct web_call *c, struct mlops_error *err)
{
	struct str location = http_response_header(&c->r, "Location");
	autofree char *url = xstrndup(location.p, location.n);
	size_t n = strlen(s->gs->endpoint);
	autourl u = { 0 };

	if (url_parse(url, &u, err) || strncmp(url, s->gs->endpoint, n) || url[n] != '/')
		return err_set(err, MLOPS_EREMOTE, "remote '%s' began an upload without an address",
			       s->gs->web.name);
	free(s->url);
	s->url = steal_ptr(&url);
	return 0;
}

static int start(struct session *s, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "POST", .url = gs_upload_url(s->gs, "resumable", s->put),
			      .body = "", .n = 0);

	web_header(&c, "X-Upload-Content-Length: %llu", (unsigned long long)s->put->from->size);
	s->at = 0;
	return gs_run(s->gs, &c, 0, err) ? -1 : take_address(s, &c, err);
}

/* "bytes=0-N": N + 1 bytes are there; without it none are. */
static void take_position(struct session *s, const struct web_call *c)
{
	struct str range = http_response_header(&c->r, "Range");
	const char *dash = range.n ? memchr(range.p, '-', range.n) : NULL;
	uint64_t last = 0;

	s->at = 0;
	if (!dash)
		return;
	autofree char *digits = xstrndup(dash + 1, range.n - (size_t)(dash + 1 - range.p));
	if (num_parse_u64(digits, &last) && last < s->put->from->size)
		s->at = last + 1;
}

/* Asks how far a former try came; a session that is over is begun anew. */
static int find_position(struct session *s, bool *gone, struct mlops_error *err)
{
	autocall c = WEB_CALL(.method = "PUT", .url = xstrdup(s->url), .body = "", .n = 0);

	web_header(&c, "Content-Range: bytes */%llu", (unsigned long long)s->put->from->size);
	if (web_run(&s->gs->web, &c, err))
		return -1;
	*gone = c.r.status != RESUME;
	take_position(s, &c);
	return 0;
}

/* The hash goes over all bytes in order, those of a former try too. */
static int hash_up_to(struct session *s, uint64_t end, struct mlops_error *err)
{
	autofree char *buf = xmalloc(BUFFER);

	while (s->hashed < end) {
		size_t n = end - s->hashed < BUFFER ? (size_t)(end - s->hashed) : BUFFER;

		if (remote_source_read(s->put->from, s->hashed, buf, n, err))
			return -1;
		md5_update(s->md5, buf, n);
		s->hashed += n;
	}
	return 0;
}

static int finished(struct session *s, const struct web_call *c, struct mlops_error *err)
{
	uint8_t sum[MD5_SIZE];

	s->at = s->put->from->size;
	if (hash_up_to(s, s->at, err))
		return -1;
	md5_final(steal_ptr(&s->md5), sum);
	return gs_check_md5(s->gs, c, s->put->key, sum, err);
}

static int send_chunk(struct session *s, struct mlops_error *err)
{
	uint64_t size = s->put->from->size, left = size - s->at, n = left < CHUNK ? left : CHUNK;
	autocall c = WEB_CALL(.method = "PUT", .url = xstrdup(s->url), .from = s->put->from,
			      .at = s->at, .n = n);

	web_header(&c, "Content-Range: bytes %llu-%llu/%llu", (unsigned long long)s->at,
		   (unsigned long long)(s->at + n - 1), (unsigned long long)size);
	uint64_t before = s->at;
	if (hash_up_to(s, s->at + n, err) || gs_run(s->gs, &c, RESUME, err))
		return -1;
	if (s->put->if_absent && c.r.status == 412)
		return err_set(err, MLOPS_EEXISTS, "'%s' is there already", s->put->key);
	if (c.r.status != RESUME)
		return finished(s, &c, err);
	take_position(s, &c);
	return s->at > before ? 0 :
				err_set(err, MLOPS_EREMOTE, "remote '%s' took nothing of an upload",
					s->gs->web.name);
}

static int run(struct session *s, struct upload_note *note, struct mlops_error *err)
{
	bool gone = true;

	if (md5_new(&s->md5, err))
		return -1;
	if (note->text.len) {
		s->url = xstrndup(note->text.buf, note->text.len);
		if (str_starts(s->url, s->gs->endpoint) && find_position(s, &gone, err))
			return -1;
	}
	if (gone) {
		if (start(s, err))
			return -1;
		note_write(note, s->url);
	}
	while (s->at < s->put->from->size)
		if (send_chunk(s, err))
			return -1;
	return 0;
}

int gs_put_session(struct gs *g, const struct key_put *put, struct mlops_error *err)
{
	struct session s = { .gs = g, .put = put };
	char hex[MLOPS_OID_HEX + 1];
	struct upload_note note;
	autofree char *what = put->oid ?
				      xasprintf("%s %s/%s/%s %s", g->endpoint, g->bucket, g->prefix,
						put->key, mlops_oid_hex(put->oid, hex)) :
				      NULL;

	note_open(&note, what ? g->state_dir : NULL, what);
	int rc = run(&s, &note, err);
	note_close(&note, rc && err->kind != MLOPS_EEXISTS && err->kind != MLOPS_ECORRUPT);
	md5_free(s.md5);
	if (s.url)
		explicit_bzero(s.url, strlen(s.url));
	free(s.url);
	return rc;
}
