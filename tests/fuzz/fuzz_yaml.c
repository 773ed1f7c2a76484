/* YAML: what was read can be written, reads back, and is then written the same. */
#include "fuzz.h"

#include "fmt/yaml.h"

static void write_out(const struct yaml_node *doc, struct strbuf *out)
{
	struct yaml_out *y = yaml_out_new(out);

	yaml_node(y, doc);
	yaml_out_free(y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	autoarena first_arena = { 0 }, second_arena = { 0 };
	autobuf once = { 0 }, twice = { 0 };
	struct yaml_node *doc, *again;
	autoerr err = ERR_INIT;

	if (refused(yaml_parse(&first_arena, "f.yaml", (const char *)data, n, &doc, &err), &err))
		return 0;
	write_out(doc, &once);
	MUST(!yaml_parse(&second_arena, "f.yaml", once.buf, once.len, &again, &err));
	write_out(again, &twice);
	MUST(once.len == twice.len && !memcmp(once.buf, twice.buf, once.len));
	return 0;
}
