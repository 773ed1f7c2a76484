/* Trees: each has one text, and a name in it can't leave its folder. */
#include "fuzz.h"

#include "base/path.h"
#include "store/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct tree tree = { 0 };
	autobuf text = { 0 };
	autoerr err = ERR_INIT;
	uint64_t size, files;

	if (refused(tree_parse((const char *)data, n, "tree", &tree, &err), &err))
		return 0;
	for (size_t i = 0; i < tree.entries.n; i++) {
		const char *name = tree.entries.v[i].name;

		MUST(path_is_safe_name(name, strlen(name)));
		MUST(tree_find(&tree, name) == &tree.entries.v[i]);
	}
	tree_totals(&tree, &size, &files);
	tree_format(&tree, &text);
	MUST(text.len == n && (!n || !memcmp(text.buf, data, n)));
	tree_clear(&tree);
	return 0;
}
