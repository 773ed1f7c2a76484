/* Marks of sealed places: they tell whether a key fits before anything is looked for by its name. */
#include "crypto/sealed.h"

const struct oid seal_mark_name; /* zeroes: no object has it */

int seal_mark_put(const struct seal_key *key, uint8_t *out, struct mlops_error *err)
{
	return sealed_put(key, &seal_mark_name, "", 0, out, err);
}

static int damaged(const char *what, struct mlops_error *err)
{
	return err_set(err, MLOPS_ECORRUPT,
		       "the mark of %s, which tells the key that fits, is damaged", what);
}

int seal_mark_check(const struct seal_key *key, const void *mark, size_t n, const char *what,
		    struct mlops_error *err)
{
	struct sealed_info info;
	uint8_t nothing[1];

	if (n != SEAL_MARK_SIZE)
		return damaged(what, err);
	if (sealed_inspect(mark, &info, err))
		return err->kind == MLOPS_ECORRUPT ? damaged(what, err) : -1;
	if (strcmp(info.key_id, seal_key_id(key)))
		return err_set(err, MLOPS_EKEY,
			       "the key does not fit: %s was sealed with key %s, this key is %s",
			       what, info.key_id, seal_key_id(key));
	return sealed_get(key, &seal_mark_name, mark, n, nothing, err) ? damaged(what, err) : 0;
}
