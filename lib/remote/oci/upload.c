/*
 * Uploads of blobs. A small one is one PUT; a large one goes in parts, each appended to what is
 * there, and its address is noted, so that a try after a kill asks how far it came and goes on from
 * there. A part that broke off may have been taken in part: it is never sent again unasked.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "base/path.h"
#include "remote/note.h"
#include "remote/oci/private.h"

#define WHOLE         ((uint64_t)8 << 20)  /* up to here in one PUT */
#define PART          ((uint64_t)64 << 20) /* of a larger one */
#define TRIES         5
#define FIRST_WAIT_MS 250

struct upload {
	struct oci *oci;
	const struct oid *oid;
	const struct remote_source *from;
	char *url;
	uint64_t at;   /* bytes that are there */
	uint64_t part; /* bytes of one PATCH */
	bool resumed;  /* some of them are of a try before */
	int status;    /* of the last reply; 0: there was none */
};

static int run(struct upload *u, struct web_call *c, struct mlops_error *err)
{
	int rc = oci_run(u->oci, c, 0, err);

	u->status = c->r.status;
	return rc;
}

static int take_location(struct upload *u, const struct web_call *c, struct mlops_error *err)
{
	struct str location = http_response_header(&c->r, "Location");
	char *url = location.n ? oci_resolve(u->oci, location) : NULL;

	if (!url)
		return err_set(err, MLOPS_EREMOTE, "remote '%s' began an upload without an address",
			       u->oci->web.name);
	free(u->url);
	u->url = url;
	return 0;
}

/* The least that the registry takes as a part. */
static void take_least(struct upload *u, const struct web_call *c)
{
	struct str least = http_response_header(&c->r, "OCI-Chunk-Min-Length");
	autofree char *text = xstrndup(least.p, least.n);
	uint64_t n;

	if (num_parse_u64(text, &n) && n > u->part)
		u->part = n;
}

static int start(struct upload *u, struct mlops_error *err)
{
	autocall c =
		WEB_CALL(.method = "POST", .body = "", .url = oci_url(u->oci, "blobs/uploads/"));

	u->at = 0;
	u->part = PART;
	if (run(u, &c, err) || take_location(u, &c, err))
		return -1;
	take_least(u, &c);
	return 0;
}

/* "0-N": N + 1 bytes are there; registries also say "0-0" of none. */
static uint64_t position(const struct upload *u, const struct web_call *c)
{
	struct str range = http_response_header(&c->r, "Range");
	const char *dash = range.n ? memchr(range.p, '-', range.n) : NULL;
	uint64_t last = 0;

	if (!dash)
		return 0;
	autofree char *digits = xstrndup(dash + 1, range.n - (size_t)(dash + 1 - range.p));
	return num_parse_u64(digits, &last) && last && last < u->from->size ? last + 1 : 0;
}

/* How far a former try came; false when the registry knows nothing of it. */
static bool find_position(struct upload *u)
{
	autocall c = WEB_CALL(.method = "GET", .url = xstrdup(u->url));
	autoerr ignored = ERR_INIT;

	if (oci_run(u->oci, &c, 0, &ignored) || take_location(u, &c, &ignored))
		return false;
	u->at = position(u, &c);
	return true;
}

static int send_part(struct upload *u, struct mlops_error *err)
{
	uint64_t left = u->from->size - u->at, n = left < u->part ? left : u->part;
	autocall c = WEB_CALL(.method = "PATCH", .url = xstrdup(u->url), .from = u->from,
			      .at = u->at, .n = n, .once = true);

	web_header(&c, "Content-Type: application/octet-stream");
	web_header(&c, "Content-Range: %llu-%llu", (unsigned long long)u->at,
		   (unsigned long long)(u->at + n - 1));
	if (run(u, &c, err) || take_location(u, &c, err))
		return -1;
	uint64_t now = position(u, &c);
	if (now && now != u->at + n)
		return err_set(err, MLOPS_EREMOTE,
			       "remote '%s' took %llu bytes of an upload of %llu", u->oci->web.name,
			       (unsigned long long)now, (unsigned long long)(u->at + n));
	u->at += n;
	return 0;
}

/* Ends the upload, with the bytes that are not there yet as its body. */
static int finish(struct upload *u, struct mlops_error *err)
{
	char digest[OCI_DIGEST_SIZE];
	uint64_t n = u->from->size - u->at;
	autocall c =
		WEB_CALL(.method = "PUT", .from = n ? u->from : NULL, .body = n ? NULL : "",
			 .at = u->at, .n = n, .once = true,
			 .url = xasprintf("%s%cdigest=%s", u->url, strchr(u->url, '?') ? '&' : '?',
					  oci_digest(u->oid, digest)));

	web_header(&c, "Content-Type: application/octet-stream");
	return run(u, &c, err);
}

static int send_whole(struct upload *u, struct mlops_error *err)
{
	return start(u, err) || finish(u, err) ? -1 : 0;
}

static int send_parts(struct upload *u, struct upload_note *note, struct mlops_error *err)
{
	u->resumed = u->url && find_position(u) && u->at;
	if (!u->resumed && start(u, err))
		return -1;
	while (u->at < u->from->size) {
		note_write(note, u->url);
		if (send_part(u, err))
			return -1;
	}
	return finish(u, err);
}

/*
 * The connection, or the registry itself, may do better the next time; and what was gone on with may
 * have been refused for what was there before.
 */
static bool may_do_better(struct upload *u, const struct mlops_error *err)
{
	bool refused = u->status >= 400 && !http_status_is_transient(u->status);

	if (refused && u->resumed) {
		free(steal_ptr(&u->url));
		return true;
	}
	return !refused && err->kind == MLOPS_EREMOTE;
}

static int try_often(struct upload *u, struct upload_note *note, struct mlops_error *err)
{
	for (int try = 1;; try++) {
		int rc = note ? send_parts(u, note, err) : send_whole(u, err);

		if (!rc || try == TRIES || !may_do_better(u, err))
			return rc;
		log_debug("remote '%s': %s; trying again", u->oci->web.name, err->msg);
		clock_sleep_ms((int64_t)FIRST_WAIT_MS << (try - 1));
		mlops_error_clear(err);
	}
}

static int upload_parts(struct upload *u, struct mlops_error *err)
{
	struct oci *o = u->oci;
	char hex[MLOPS_OID_HEX + 1];
	autofree char *what =
		xasprintf("oci %s/%s %s", o->base, o->repo, mlops_oid_hex(u->oid, hex));
	struct upload_note note;

	note_open(&note, o->state_dir, what);
	if (note.text.len)
		u->url = oci_resolve(o, (struct str){ note.text.buf, note.text.len });
	int rc = try_often(u, &note, err);
	note_close(&note, rc && err->kind == MLOPS_EREMOTE);
	return rc;
}

int oci_upload(struct oci *o, const struct oid *oid, const struct remote_source *from,
	       struct mlops_error *err)
{
	struct upload u = { .oci = o, .oid = oid, .from = from, .part = PART };
	int rc = from->size > WHOLE ? upload_parts(&u, err) : try_often(&u, NULL, err);

	if (u.url)
		explicit_bzero(u.url, strlen(u.url));
	free(u.url);
	if (!rc)
		return 0;
	char hex[MLOPS_OID_HEX + 1];
	return err_wrap(err, "cannot send %.12s", mlops_oid_hex(oid, hex));
}
