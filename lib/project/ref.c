/* Refs, and the places of their objects, as keys of a YAML map. */
#include <ctype.h>

#include "fmt/yaml.h"
#include "mlops/lockfile.h"
#include "project/project.h"

/* A key that must be there. */
static int need(const struct yaml_node *map, const char *key, const struct yaml_node **out,
		struct mlops_error *err)
{
	*out = yaml_get(map, key);
	if (!*out)
		return yaml_error(map, err, "'%s' is missing", key);
	return yaml_want(*out, YAML_SCALAR, key, err);
}

static int read_kind(const struct yaml_node *map, struct object_ref *ref, struct mlops_error *err)
{
	const struct yaml_node *node;

	if (need(map, "kind", &node, err))
		return -1;
	if (!strcmp(node->text, "file"))
		ref->kind = OBJECT_FILE;
	else if (!strcmp(node->text, "tree"))
		ref->kind = OBJECT_TREE;
	else
		return yaml_error(node, err, "kind must be file or tree, not '%s'", node->text);
	return 0;
}

static int read_oid(const struct yaml_node *map, struct object_ref *ref, struct mlops_error *err)
{
	const struct yaml_node *node;

	if (need(map, "oid", &node, err))
		return -1;
	if (strncmp(node->text, "sha256:", 7) || !mlops_oid_parse(node->text, &ref->oid))
		return yaml_error(node, err, "oid must be sha256: and 64 hex digits in lower case");
	return 0;
}

/* What only makes sense for one of the kinds is refused for the other. */
static int read_extras(const struct yaml_node *map, struct object_ref *ref, struct mlops_error *err)
{
	const struct yaml_node *node;

	if (ref->kind == OBJECT_TREE) {
		if (yaml_get(map, "executable"))
			return yaml_error(yaml_key(map, "executable"), err,
					  "a tree cannot be executable");
		if (need(map, "files", &node, err))
			return -1;
		return yaml_get_uint(map, "files", &ref->files, err);
	}
	if (yaml_get(map, "files"))
		return yaml_error(yaml_key(map, "files"), err, "'files' is for trees");
	ref->files = 1;
	return yaml_get_bool(map, "executable", &ref->executable, err);
}

int object_ref_read(const struct yaml_node *map, struct object_ref *out, struct mlops_error *err)
{
	struct object_ref ref = { 0 };
	const struct yaml_node *size;

	if (read_kind(map, &ref, err) || read_oid(map, &ref, err) ||
	    need(map, "size", &size, err) || yaml_get_uint(map, "size", &ref.size, err) ||
	    read_extras(map, &ref, err))
		return -1;
	*out = ref;
	return 0;
}

static void put_count(struct yaml_out *y, const char *key, uint64_t v)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)v);
	yaml_put_plain(y, key, digits);
}

void object_ref_write(struct yaml_out *y, const struct object_ref *ref)
{
	char text[MLOPS_OID_TEXT] = "sha256:";

	mlops_oid_hex(&ref->oid, text + 7);
	yaml_put_text(y, "kind", ref->kind == OBJECT_TREE ? "tree" : "file");
	yaml_put_text(y, "oid", text);
	put_count(y, "size", ref->size);
	if (ref->kind == OBJECT_TREE)
		put_count(y, "files", ref->files);
	else if (ref->executable)
		yaml_put_plain(y, "executable", "true");
}

bool project_is_remote_name(const char *name)
{
	size_t n = strlen(name);

	if (!n || n > OBJECT_REMOTE_MAX || *name == '.' || *name == '-')
		return false;
	while (isalnum((unsigned char)*name) || (*name && strchr("._-", *name)))
		name++;
	return !*name;
}

int object_place_read(const struct yaml_node *map, struct object_place *out,
		      struct mlops_error *err)
{
	const char *remote = NULL;
	bool push = true;

	if (yaml_get_text(map, "remote", &remote, err) || yaml_get_bool(map, "push", &push, err))
		return -1;
	if (remote && !project_is_remote_name(remote))
		return yaml_error(yaml_get(map, "remote"), err, "'%s' is no name for a remote",
				  remote);
	*out = (struct object_place){ .no_push = !push };
	if (remote)
		memcpy(out->remote, remote, strlen(remote));
	return 0;
}

void object_place_write(struct yaml_out *y, const struct object_place *place)
{
	if (*place->remote)
		yaml_put_text(y, "remote", place->remote);
	if (place->no_push)
		yaml_put_plain(y, "push", "false");
}

bool object_place_same(const struct object_place *a, const struct object_place *b)
{
	return a->no_push == b->no_push && !strcmp(a->remote, b->remote);
}
