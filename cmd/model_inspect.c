/* mlops model inspect: what is inside of a model file, without loading it. */
#include "cmd.h"

#include "base/num.h"
#include "cli/table.h"
#include "mlops/inspect.h"

#define SHOWN_TENSORS 20
#define SHOWN_VALUE 72

struct inspect_opts {
	const char *path;
	bool tensors;
};

static const struct opt_spec inspect_optv[] = {
	OPT(inspect_opts, tensors, .name = "tensors", .letter = 't', .type = OPT_BOOL, .help = "list all tensors and whole values (--json always does)"),
	OPT_END,
};

static const struct arg_spec inspect_argv[] = {
	ARG(inspect_opts, path, .name = "PATH", .min = 1, .max = 1, .complete = "path", .help = "a model file or folder"),
	ARG_END,
};

static struct json *dims_json(const struct model_port *port)
{
	struct json *dims = js_arr();

	for (size_t i = 0; i < port->n_dims; i++) {
		const struct model_dim *d = &port->dims[i];

		js_push(dims, d->symbol ? js_str(d->symbol) : js_int(d->size));
	}
	return dims;
}

static struct json *ports_json(const struct model_port *ports, size_t n)
{
	struct json *list = js_arr();

	for (size_t i = 0; i < n; i++) {
		struct json *port = js_obj();

		js_set(port, "name", js_str(ports[i].name));
		js_set(port, "dtype", js_str(ports[i].dtype));
		js_set(port, "shape", ports[i].no_shape ? js_null() : dims_json(&ports[i]));
		if (ports[i].signature)
			js_set(port, "signature", js_str(ports[i].signature));
		js_push(list, port);
	}
	return list;
}

static struct json *tensors_json(const struct model_info *info)
{
	struct json *list = js_arr();

	for (size_t i = 0; i < info->n_tensors; i++) {
		const struct model_tensor *t = &info->tensors[i];
		struct json *tensor = js_obj(), *shape = js_arr();

		for (size_t k = 0; k < t->rank; k++)
			js_push(shape, js_int((int64_t)t->shape[k]));
		js_set(tensor, "name", js_str(t->name));
		js_set(tensor, "dtype", js_str(t->dtype));
		js_set(tensor, "shape", shape);
		js_set(tensor, "bytes", js_int((int64_t)t->bytes));
		if (t->file)
			js_set(tensor, "file", js_str(t->file));
		js_push(list, tensor);
	}
	return list;
}

static struct json *dtypes_json(const struct model_info *info)
{
	struct json *list = js_arr();

	for (size_t i = 0; i < info->n_dtypes; i++) {
		const struct model_dtype *d = &info->dtypes[i];
		struct json *row = js_obj();

		js_set(row, "dtype", js_str(d->dtype));
		js_set(row, "tensors", js_int((int64_t)d->tensors));
		js_set(row, "elements", js_int((int64_t)d->elements));
		js_set(row, "bytes", js_int((int64_t)d->bytes));
		js_push(list, row);
	}
	return list;
}

static int print_json(const struct model_info *info)
{
	struct json *top = js_obj(), *metadata = js_arr(), *globals = js_arr();

	for (size_t i = 0; i < info->n_metadata; i++) {
		struct json *pair = js_obj();

		js_set(pair, "key", js_str(info->metadata[i].key));
		js_set(pair, "value", js_str(info->metadata[i].value));
		js_push(metadata, pair);
	}
	for (size_t i = 0; i < info->n_globals; i++)
		js_push(globals, js_str(info->globals[i]));
	js_set(top, "path", js_str(info->path));
	js_set(top, "format", js_str(info->format));
	js_set(top, "version", js_str(info->version));
	js_set(top, "files", js_int((int64_t)info->files));
	js_set(top, "file_bytes", js_int((int64_t)info->file_bytes));
	js_set(top, "parameters", js_int((int64_t)info->parameters));
	js_set(top, "tensor_bytes", js_int((int64_t)info->tensor_bytes));
	js_set(top, "dtypes", dtypes_json(info));
	js_set(top, "inputs", ports_json(info->inputs, info->n_inputs));
	js_set(top, "outputs", ports_json(info->outputs, info->n_outputs));
	js_set(top, "metadata", metadata);
	js_set(top, "globals", globals);
	js_set(top, "tensors", tensors_json(info));
	return cmd_print_json(top);
}

static void print_summary(const struct model_info *info)
{
	char size[NUM_SIZE], bytes[NUM_SIZE];

	printf("%s: %s%s%s, %s\n", info->path, info->format, info->version ? " " : "",
	       info->version ? info->version : "", num_format_bytes(info->file_bytes, size));
	if (info->n_tensors)
		printf("%zu tensors, %llu parameters, %s\n", info->n_tensors,
		       (unsigned long long)info->parameters, num_format_bytes(info->tensor_bytes, bytes));
}

static void print_dtypes(const struct model_info *info)
{
	autotable *t = table_new("DTYPE", "TENSORS>", "PARAMETERS>", "SIZE>", NULL);

	for (size_t i = 0; i < info->n_dtypes; i++) {
		char tensors[NUM_SIZE], elements[NUM_SIZE], bytes[NUM_SIZE];

		snprintf(tensors, sizeof(tensors), "%llu", (unsigned long long)info->dtypes[i].tensors);
		snprintf(elements, sizeof(elements), "%llu", (unsigned long long)info->dtypes[i].elements);
		table_add(t, info->dtypes[i].dtype, tensors, elements,
			  num_format_bytes(info->dtypes[i].bytes, bytes));
	}
	if (info->n_dtypes)
		putchar('\n');
	table_print(t, stdout);
}

static void add_ports(struct table *t, const char *kind, const struct model_port *ports, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		autobuf shape = { 0 };

		strbuf_adds(&shape, ports[i].no_shape ? "" : "[");
		for (size_t k = 0; k < ports[i].n_dims; k++) {
			const struct model_dim *d = &ports[i].dims[k];

			strbuf_adds(&shape, k ? ", " : "");
			if (d->symbol || d->size < 0)
				strbuf_adds(&shape, d->symbol ? d->symbol : "?");
			else
				strbuf_addf(&shape, "%lld", (long long)d->size);
		}
		strbuf_adds(&shape, ports[i].no_shape ? "" : "]");
		table_add(t, kind, ports[i].signature, ports[i].name, ports[i].dtype, shape.buf);
	}
}

static void print_ports(const struct model_info *info)
{
	autotable *t = table_new("PORT", "SIGNATURE", "NAME", "DTYPE", "SHAPE", NULL);

	if (info->n_inputs + info->n_outputs)
		putchar('\n');
	add_ports(t, "input", info->inputs, info->n_inputs);
	add_ports(t, "output", info->outputs, info->n_outputs);
	table_print(t, stdout);
}

/* The first line of a value, cut where it is long; what a chat template says is for --json. */
static void print_metadata(const struct model_info *info, bool whole)
{
	autotable *t = table_new("KEY", "VALUE", NULL);

	for (size_t i = 0; i < info->n_metadata; i++) {
		const char *value = info->metadata[i].value;
		size_t n = strcspn(value, "\n");
		bool cut = !whole && (value[n] || n > SHOWN_VALUE);
		autofree char *shown = cut ? xasprintf("%.*s ...", (int)(n < SHOWN_VALUE ? n : SHOWN_VALUE), value) :
					     xstrdup(value);

		table_add(t, info->metadata[i].key, shown);
	}
	if (info->n_metadata)
		putchar('\n');
	table_print(t, stdout);
}

static void print_tensors(const struct model_info *info, bool all)
{
	size_t n = all || info->n_tensors <= SHOWN_TENSORS ? info->n_tensors : SHOWN_TENSORS;
	autotable *t = table_new("TENSOR", "DTYPE", "SHAPE", "SIZE>", NULL);

	for (size_t i = 0; i < n; i++) {
		const struct model_tensor *tensor = &info->tensors[i];
		autobuf shape = { 0 };
		char bytes[NUM_SIZE];

		for (size_t k = 0; k < tensor->rank; k++)
			strbuf_addf(&shape, "%s%llu", k ? "x" : "", (unsigned long long)tensor->shape[k]);
		table_add(t, tensor->name, tensor->dtype, shape.buf, num_format_bytes(tensor->bytes, bytes));
	}
	if (n)
		putchar('\n');
	table_print(t, stdout);
	if (n < info->n_tensors)
		printf("... and %zu more (--tensors lists all)\n", info->n_tensors - n);
}

static void print_globals(const struct model_info *info)
{
	autotable *t = table_new("GLOBAL", NULL);

	for (size_t i = 0; i < info->n_globals; i++)
		table_add(t, info->globals[i]);
	if (info->n_globals)
		putchar('\n');
	table_print(t, stdout);
}

static int inspect_run(struct cmd_ctx *ctx, const void *opts, struct mlops_error *err)
{
	const struct inspect_opts *o = opts;
	struct model_info *info;

	if (mlops_inspect(o->path, &info, err))
		return -1;
	if (ctx->common.json) {
		print_json(info);
	} else {
		print_summary(info);
		print_dtypes(info);
		print_ports(info);
		print_metadata(info, o->tensors);
		print_globals(info);
		print_tensors(info, o->tensors);
	}
	mlops_model_info_free(info);
	return 0;
}

const struct cmd_spec cmd_model_inspect = {
	.name = "inspect", .summary = "show what is inside of a model file or folder",
	.flags = CMD_JSON, .opts = inspect_optv, .args = inspect_argv,
	.opts_size = sizeof(struct inspect_opts), .run = inspect_run,
};
