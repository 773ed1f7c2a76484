/* An operator of ONNX's ai.onnx.ml set: its inputs, outputs and attributes, read from protobuf. */
#pragma once

#include "base/arena.h"
#include "base/vec.h"
#include "fmt/source.h"

#define ONNX_MAX_VALUES ((size_t)1 << 26) /* of one attribute */

struct onnx_numbers {
	double *v;
	size_t n, cap;
};

struct onnx_attribute {
	const char *name;
	double number;      /* f or i */
	const char *text;   /* s, or NULL */
	struct onnx_numbers numbers; /* floats, ints, or a tensor's */
	struct strlist texts;
};

struct onnx_node {
	const char *op;
	struct strlist inputs, outputs;
	VEC(struct onnx_attribute) attributes;
	struct arena arena;
};

int onnx_node_read(struct cursor c, struct onnx_node *out, struct mlops_error *err);
void onnx_node_clear(struct onnx_node *node);
#define autoonnx __attribute__((cleanup(onnx_node_clear))) struct onnx_node

/* NULL where the node has none of that name. */
const struct onnx_attribute *onnx_attribute(const struct onnx_node *node, const char *name);
/* Its numbers, of `name` or of "<name>_as_tensor"; empty when absent. */
struct onnx_numbers onnx_numbers(const struct onnx_node *node, const char *name);
double onnx_number(const struct onnx_node *node, const char *name, double otherwise);
const char *onnx_text(const struct onnx_node *node, const char *name, const char *otherwise);
