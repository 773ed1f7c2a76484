/* Arguments of MLflow's methods, by the rules of protobuf's JSON. */
#include "serve/api/mlflow.h"

#include <ctype.h>
#include <math.h>

#include "base/base64.h"
#include "base/num.h"

struct json *arg_field(const struct json *obj, const char *name)
{
	struct json *v = js_get(obj, name);
	char camel[64], *to = camel;

	if (!v && strchr(name, '_') && strlen(name) < sizeof(camel)) {
		for (const char *c = name; *c; c++)
			*to++ = *c == '_' && c[1] ? (char)toupper((unsigned char)*++c) : *c;
		*to = '\0';
		v = js_get(obj, camel);
	}
	return js_type(v) == JSON_NIL ? NULL : v;
}

int arg_missing(const char *name, struct mlops_error *err)
{
	return err_set(err, MLOPS_EINVALID,
		       "Missing value for required parameter '%s'. See the API docs for more"
		       " information about request parameters.", name);
}

static const char *type_name(const struct json *v)
{
	static const char *const names[] = {
		[JSON_OBJ] = "dict", [JSON_ARR] = "list",   [JSON_STR] = "str",	   [JSON_INT] = "int",
		[JSON_NUM] = "float", [JSON_TRUE_] = "bool", [JSON_FALSE_] = "bool", [JSON_NIL] = "NoneType",
	};

	return names[js_type(v)];
}

int arg_invalid(const char *name, const struct json *value, const char *want,
		struct mlops_error *err)
{
	autobuf text = { 0 };

	js_dump(value, JS_COMPACT, &text);
	return err_set(err, MLOPS_EINVALID,
		       "Invalid value %.200s for parameter '%s' supplied: %s is expected. Hint: Value was"
		       " of type '%s'. See the API docs for more information about request parameters.",
		       text.buf, name, want, type_name(value));
}

int arg_text(const struct json *obj, const char *name, const char **out, struct mlops_error *err)
{
	const struct json *v = arg_field(obj, name);

	if (!v)
		return 0;
	const char *text = js_text(v);
	if (!text)
		return arg_invalid(name, v, "a string", err);
	if (strlen(text) != js_text_len(v))
		return arg_invalid(name, v, "a string without NUL", err);
	*out = text;
	return 0;
}

int arg_need_text(const struct json *obj, const char *name, const char **out,
		  struct mlops_error *err)
{
	const char *text = NULL;

	if (arg_text(obj, name, &text, err))
		return -1;
	if (!text || !*text)
		return arg_missing(name, err);
	*out = text;
	return 0;
}

int arg_int(const struct json *obj, const char *name, int64_t *out, struct mlops_error *err)
{
	const struct json *v = arg_field(obj, name);
	double d;

	if (!v || js_to_int(v, out))
		return 0;
	if (js_text(v) && num_parse_i64(js_text(v), out))
		return 0;
	if (js_to_num(v, &d) && d == floor(d) && fabs(d) < 9e18) {
		*out = (int64_t)d;
		return 0;
	}
	return arg_invalid(name, v, "a whole number", err);
}

int arg_num(const struct json *obj, const char *name, double *out, struct mlops_error *err)
{
	const struct json *v = arg_field(obj, name);

	if (!v || js_to_num(v, out) || (js_text(v) && num_parse_double(js_text(v), out)))
		return 0;
	return arg_invalid(name, v, "a number", err);
}

/* In a query, Python's clients write True and False. */
int arg_bool(const struct json *obj, const char *name, bool *out, struct mlops_error *err)
{
	const struct json *v = arg_field(obj, name);
	const char *text = js_text(v);

	if (!v)
		return 0;
	bool yes = js_type(v) == JSON_TRUE_ || (text && !strcasecmp(text, "true"));
	if (!yes && js_type(v) != JSON_FALSE_ && !(text && !strcasecmp(text, "false")))
		return arg_invalid(name, v, "true or false", err);
	*out = yes;
	return 0;
}

int arg_list(struct mlflow_call *c, const char *name, struct json **out, struct mlops_error *err)
{
	struct json *v = arg_field(c->in, name);

	*out = v;
	if (!v || js_type(v) == JSON_ARR)
		return 0;
	if (strcmp(http_call_method(c->http), "GET"))
		return arg_invalid(name, v, "a list", err);
	*out = js_arr();
	js_push(*out, js_ref(v));
	js_set(c->in, name, *out);
	return 0;
}

int arg_texts(struct mlflow_call *c, const char *name, const char *const **out, size_t *n,
	      struct mlops_error *err)
{
	struct json *list;

	if (arg_list(c, name, &list, err))
		return -1;
	const char **texts = arena_alloc(c->arena, (js_len(list) + 1) * sizeof(*texts));
	for (size_t i = 0; i < js_len(list); i++) {
		texts[i] = js_text(js_at(list, i));
		if (!texts[i] || strlen(texts[i]) != js_text_len(js_at(list, i)))
			return arg_invalid(name, js_at(list, i), "a string", err);
	}
	*out = texts;
	*n = js_len(list);
	return 0;
}

int arg_limit(struct mlflow_call *c, int64_t fallback, int64_t max, int64_t *out,
	      struct mlops_error *err)
{
	int64_t n = fallback;

	if (arg_int(c->in, "max_results", &n, err))
		return -1;
	if (n < 1)
		return err_set(err, MLOPS_EINVALID,
			       "Invalid value %lld for parameter 'max_results' supplied. It must be a"
			       " positive integer", (long long)n);
	if (n > max)
		return err_set(err, MLOPS_EINVALID,
			       "Invalid value %lld for parameter 'max_results' supplied. It must be at"
			       " most %lld", (long long)n, (long long)max);
	*out = n;
	return 0;
}

#define TOKEN_HEAD "offset:"

int arg_offset(struct mlflow_call *c, int64_t *out, struct mlops_error *err)
{
	const char *token = "";
	autobuf plain = { 0 };

	*out = 0;
	if (arg_text(c->in, "page_token", &token, err))
		return -1;
	if (!*token)
		return 0;
	if (base64_decode(token, strlen(token), &plain) && plain.buf &&
	    str_starts(plain.buf, TOKEN_HEAD) &&
	    num_parse_i64(plain.buf + strlen(TOKEN_HEAD), out) && *out >= 0)
		return 0;
	return err_set(err, MLOPS_EINVALID, "Invalid page token");
}

void put_next_page(struct mlflow_call *c, int64_t offset)
{
	char plain[64];
	autobuf token = { 0 };

	snprintf(plain, sizeof(plain), TOKEN_HEAD "%lld", (long long)offset);
	base64_encode(&token, plain, strlen(plain));
	js_set(c->out, "next_page_token", js_str(token.buf));
}

int arg_pair(struct mlflow_call *c, const struct json *obj, const char *what, size_t max,
	     struct run_pair *out, struct mlops_error *err)
{
	const char *key, *value = "";

	if (js_type(obj) != JSON_OBJ)
		return arg_invalid(what, obj, "an object", err);
	if (arg_need_text(obj, "key", &key, err) || arg_text(obj, "value", &value, err) ||
	    rule_key(what, key, err))
		return -1;
	*out = (struct run_pair){ (char *)key, (char *)rule_cut(c->arena, value, max) };
	return 0;
}

int arg_pairs(struct mlflow_call *c, const char *name, const char *what, size_t max,
	      struct run_pair **out, size_t *n, struct mlops_error *err)
{
	struct json *list;

	if (arg_list(c, name, &list, err))
		return -1;
	*n = js_len(list);
	*out = arena_alloc(c->arena, (*n + 1) * sizeof(**out));
	for (size_t i = 0; i < *n; i++)
		if (arg_pair(c, js_at(list, i), what, max, &(*out)[i], err))
			return -1;
	return 0;
}

struct json *json_pairs(const struct run_pair *pairs, size_t n)
{
	struct json *list = js_arr();

	for (size_t i = 0; i < n; i++) {
		struct json *v = js_obj();

		js_set(v, "key", js_str(pairs[i].key));
		js_set(v, "value", js_str(pairs[i].value));
		js_push(list, v);
	}
	return list;
}
