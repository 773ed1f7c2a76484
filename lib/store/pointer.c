/* The text of one pointer. */
#include "store/pointer.h"

#include "base/arena.h"
#include "base/path.h"
#include "fmt/conflict.h"
#include "fmt/yaml.h"
#include "project/project.h"
#include "store/origin.h"
#include "store/tree.h"

bool pointer_is_name(const char *name)
{
	return str_ends(name, POINTER_SUFFIX) && strcmp(name, POINTER_SUFFIX);
}

static int check_version(const struct yaml_node *root, struct mlops_error *err)
{
	int64_t version = 0;

	if (yaml_want(root, YAML_MAP, "a pointer", err) ||
	    yaml_get_int(root, "mlops", &version, err))
		return -1;
	if (!version)
		return yaml_error(root, err, "'mlops: 1' is missing: this is not a pointer");
	if (version == 1)
		return 0;
	yaml_error(yaml_get(root, "mlops"), err, "version %lld of pointers is not known",
		   (long long)version);
	return err_hint(err, "install a newer mlops");
}

/* A pointer can only name its sibling: anything else would let a commit reach where it likes. */
static int check_path(const struct yaml_node *root, const char *data, struct mlops_error *err)
{
	const char *path = NULL;
	autobuf name = { 0 };

	if (yaml_get_text(root, "path", &path, err))
		return -1;
	if (!path)
		return yaml_error(root, err, "'path' is missing");
	if (name_unescape(path, strlen(path), true, &name) && name.len &&
	    path_is_safe_name(name.buf, name.len) && !strcmp(name.buf, path_base(data)))
		return 0;
	yaml_error(yaml_get(root, "path"), err,
		   "path must be '%s', the name of this file without " POINTER_SUFFIX ", not '%s'",
		   path_base(data), path);
	return -1;
}

int pointer_parse(const char *shown, const char *text, size_t n, struct pointer *out,
		  struct mlops_error *err)
{
	static const char *const keys[] = { "mlops", "path", OBJECT_REF_KEYS, "origin", NULL };
	autofree char *data = xstrndup(shown, strlen(shown) - strlen(POINTER_SUFFIX));
	autoarena arena = { 0 };
	struct yaml_node *root;
	autoorigin origin = { 0 };
	struct object_ref ref;

	if (conflict_is_in((struct str){ text, n })) {
		err_set(err, MLOPS_EINVALID, "'%s' has a merge conflict", shown);
		return err_hint(err,
				"take one side of it with: mlops checkout --ours '%s', or --theirs",
				data);
	}
	if (yaml_parse(&arena, shown, text, n, &root, err) || check_version(root, err) ||
	    yaml_check_keys(root, keys, "a pointer", err) || check_path(root, data, err) ||
	    object_ref_read(root, &ref, err) ||
	    (yaml_get(root, "origin") && origin_parse(yaml_get(root, "origin"), &origin, err)))
		return -1;
	*out = (struct pointer){ steal_ptr(&data), ref };
	return 0;
}

void pointer_format(const struct pointer *p, struct strbuf *out)
{
	const char *base = path_base(p->path);
	autobuf name = { 0 };

	name_escape(base, strlen(base), true, &name);
	struct yaml_out *y = yaml_out_new(out);
	yaml_map(y);
	yaml_put_int(y, "mlops", 1);
	yaml_put_text(y, "path", name.buf);
	object_ref_write(y, &p->ref);
	yaml_out_free(y);
}
