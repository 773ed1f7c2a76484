/*
 * Uploads: the bytes go to a store writer as they come. Nothing can be seen before it was found
 * to have the name it came under, and no answer is given before it is durable.
 */
#include "base/num.h"
#include "remote/remote.h"
#include "serve/objects.h"
#include "serve/range.h"
#include "store/store.h"

struct upload {
	struct store *store;
	struct store_writer *writer; /* of the object that is coming, or NULL */
	struct frame_sink sink;
	struct frame_reader reader;
	int64_t stored;
};

/* What does not fit its name is the client's fault, not damage here. */
static int blame_client(struct mlops_error *err)
{
	if (err->kind == MLOPS_ECORRUPT)
		err->kind = MLOPS_EINVALID;
	return -1;
}

static struct upload *upload_new(struct http_call *call, void *arg)
{
	struct upload *u = arena_alloc(http_call_arena(call), sizeof(*u));

	u->store = object_server_store(arg, call);
	http_call_set_state(call, u);
	return u;
}

void upload_end(struct http_call *call, void *arg)
{
	struct upload *u = http_call_state(call);

	(void)arg;
	if (u)
		mlops_store_writer_free(u->writer);
}

static int finish_object(struct upload *u, struct mlops_error *err)
{
	struct oid oid;
	int rc = mlops_store_writer_commit(u->writer, &oid, err);

	mlops_store_writer_free(steal_ptr(&u->writer));
	u->stored += !rc;
	return rc ? blame_client(err) : 0;
}

static int reply_stored(struct http_call *call, struct upload *u, int status,
			struct mlops_error *err)
{
	struct json *v;

	if (mlops_store_flush(u->store, err))
		return -1;
	v = js_obj();
	js_set(v, "stored", js_int(u->stored));
	return http_reply_json(call, status, v);
}

/* The bytes behind those that are here already: else the client is to ask how many these are. */
static int begin_part(struct http_call *call, struct upload *u, const struct oid *oid,
		      const char *range, struct mlops_error *err)
{
	uint64_t from, size, have;

	if (!range_parse_content(range, &from, &size))
		return err_set(err, MLOPS_EINVALID, "Content-Range is not the rest of an object");
	if (store_writer_resume(u->store, oid, size, &u->writer, &have, err))
		return -1;
	if (have == from)
		return 0;
	http_call_refuse_as(call, 409);
	return err_set(err, MLOPS_EEXISTS, "%llu bytes of the object are here",
		       (unsigned long long)have);
}

int upload_begin_one(struct http_call *call, void *arg, struct mlops_error *err)
{
	const char *range = http_call_header(call, "Content-Range");
	struct upload *u = upload_new(call, arg);
	struct oid oid;

	if (!mlops_oid_parse(http_call_param(call, "oid"), &oid))
		return err_set(err, MLOPS_EINVALID, "the path ends in no object name");
	if (range)
		return begin_part(call, u, &oid, range, err);
	return mlops_store_writer_new(u->store, &oid, &u->writer, err);
}

/* How many bytes of an object of that size an upload can leave out. */
int upload_tell_part(struct http_call *call, void *arg, struct mlops_error *err)
{
	const char *text = http_call_query(call, "size");
	struct json *v = js_obj();
	uint64_t size, have = 0;
	struct oid oid;
	int rc = 0;

	if (!mlops_oid_parse(http_call_param(call, "oid"), &oid) || !text ||
	    !num_parse_u64(text, &size) || size > INT64_MAX)
		rc = err_set(err, MLOPS_EINVALID, "an object's name and size are needed");
	else
		rc = store_part_size(object_server_store(arg, call), &oid, size, &have, err);
	js_set(v, "have", js_int((int64_t)have));
	if (!rc)
		return http_reply_json(call, 200, v);
	js_free(v);
	return -1;
}

int upload_piece_one(struct http_call *call, const void *buf, size_t n, void *arg,
		     struct mlops_error *err)
{
	struct upload *u = http_call_state(call);

	(void)arg;
	return mlops_store_writer_add(u->writer, buf, n, err);
}

int upload_keep_one(struct http_call *call, struct mlops_error *err)
{
	struct upload *u = http_call_state(call);

	return finish_object(u, err) || mlops_store_flush(u->store, err) ? -1 : 0;
}

int upload_finish_one(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct upload *u = http_call_state(call);

	(void)arg;
	return finish_object(u, err) ? -1 : reply_stored(call, u, 201, err);
}

static int framed_begin(const struct oid *oid, uint64_t size, void *arg, struct mlops_error *err)
{
	struct upload *u = arg;

	(void)size; /* the stream's end and the hash check it */
	return mlops_store_writer_new(u->store, oid, &u->writer, err);
}

static int framed_piece(const void *buf, size_t n, void *arg, struct mlops_error *err)
{
	struct upload *u = arg;

	return mlops_store_writer_add(u->writer, buf, n, err);
}

static int framed_end(void *arg, struct mlops_error *err)
{
	return finish_object(arg, err);
}

int upload_begin_many(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct upload *u = upload_new(call, arg);

	(void)err;
	u->sink = (struct frame_sink){
		.begin = framed_begin, .piece = framed_piece, .end = framed_end, .arg = u
	};
	frame_reader_init(&u->reader, &u->sink);
	return 0;
}

int upload_piece_many(struct http_call *call, const void *buf, size_t n, void *arg,
		      struct mlops_error *err)
{
	struct upload *u = http_call_state(call);

	(void)arg;
	return frame_reader_add(&u->reader, buf, n, err) ? blame_client(err) : 0;
}

int upload_finish_many(struct http_call *call, void *arg, struct mlops_error *err)
{
	struct upload *u = http_call_state(call);

	(void)arg;
	if (frame_reader_end(&u->reader, err))
		return blame_client(err);
	return reply_stored(call, u, 200, err);
}
