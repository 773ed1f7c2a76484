/*
 * JSON values, over jansson (whose header only json.c includes). Values are reference-counted;
 * js_set() and js_push() take the reference they are given, getters lend.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct json;

enum json_type {
	JSON_OBJ,
	JSON_ARR,
	JSON_STR,
	JSON_INT,
	JSON_NUM,
	JSON_TRUE_,
	JSON_FALSE_,
	JSON_NIL
};
enum js_dump_flags { JS_COMPACT = 0, JS_PRETTY = 1 };

const char *js_version(void); /* of jansson; static */

struct json *js_obj(void);
struct json *js_arr(void);
struct json *js_str(const char *s); /* bytes that are not UTF-8 become U+FFFD; NULL gives null */
struct json *js_strn(const char *s, size_t n);
struct json *js_int(int64_t v);
struct json *js_num(double v); /* NaN and infinities become the strings MLflow uses */
struct json *js_bool(bool v);
struct json *js_null(void);
/*
 * A value by a pattern, as json_pack() of jansson has it: "{s:s, s:[i], s:o}" with a text, a text, an int,
 * a text and a value, which is taken. Texts are UTF-8; what came from outside is given as `o` js_str().
 */
struct json *js_pack(const char *pattern, ...);
struct json *js_ref(struct json *v); /* one more reference */
void js_free(struct json *v);        /* drops a reference; NULL is fine */
static inline void cleanup_json(struct json **v)
{
	js_free(*v);
}
#define autojson __attribute__((cleanup(cleanup_json))) struct json

void js_set(struct json *obj, const char *key, struct json *value); /* takes value; replaces */
void js_push(struct json *arr, struct json *value);                 /* takes value */

/* Text of at most `n` bytes, one value, nesting of at most 64; `what` names it in the error. */
int js_parse(const char *text, size_t n, const char *what, struct json **out,
	     struct mlops_error *err);
void js_dump(const struct json *v, enum js_dump_flags flags,
	     struct strbuf *out); /* appends; PRETTY ends in \n */

/* NULL-safe: of a NULL or wrong-typed value they give NULL, 0 or false. */
enum json_type js_type(const struct json *v); /* JSON_NIL for NULL */
struct json *js_get(const struct json *obj, const char *key);
struct json *js_at(const struct json *arr, size_t i);
size_t js_len(const struct json *v); /* elements of an array, members of an object */
const char *js_text(const struct json *v);
size_t js_text_len(const struct json *v);
const char *js_get_text(const struct json *obj, const char *key);
bool js_get_int(const struct json *obj, const char *key,
		int64_t *out); /* false, *out kept: absent or not whole */
bool js_get_num(const struct json *obj, const char *key, double *out); /* whole numbers too */
bool js_get_bool(const struct json *obj, const char *key, bool fallback);
bool js_to_num(const struct json *v, double *out);
bool js_to_int(const struct json *v, int64_t *out);
/* Walks an object: start with *iter NULL; false at the end. Key and value are lent. */
bool js_next(struct json *obj, void **iter, const char **key, struct json **value);
