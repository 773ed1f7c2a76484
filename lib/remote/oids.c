/* Lists of object names as text. */
#include "remote/remote.h"

void oid_list_print(const struct oid *oids, size_t n, struct strbuf *out)
{
	char hex[MLOPS_OID_HEX + 1];

	strbuf_reserve(out, n * sizeof(hex));
	for (size_t i = 0; i < n; i++) {
		mlops_oid_hex(&oids[i], hex);
		hex[MLOPS_OID_HEX] = '\n';
		strbuf_add(out, hex, sizeof(hex));
	}
}

int oid_list_parse(const char *text, size_t n, size_t max, struct oid_list *out,
		   struct mlops_error *err)
{
	struct str rest = { text, n };

	for (size_t count = 0; rest.n; count++) {
		struct str line = str_split(rest, '\n', &rest);
		char hex[MLOPS_OID_HEX + 1] = "";
		struct oid oid;

		if (count == max)
			return err_set(err, MLOPS_EINVALID, "more than %zu names at once", max);
		if (line.n == MLOPS_OID_HEX)
			memcpy(hex, line.p, MLOPS_OID_HEX);
		if (!mlops_oid_parse(hex, &oid))
			return err_set(err, MLOPS_EINVALID, "line %zu is not an object name",
				       count + 1);
		vec_push(out, oid);
	}
	return 0;
}
