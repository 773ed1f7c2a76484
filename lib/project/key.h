/* Encryption as settings: whether, how, and where the key comes from. */
#pragma once

#include "crypto/sealed.h"
#include "project/project.h"

struct encryption {
	bool set;              /* something was said */
	enum cipher_kind kind; /* CIPHER_NONE: off */
};

/* The setting <section>.encryption; section is "core" or "remote.origin". `project` may be NULL. */
int project_encryption(struct project *project, const char *section, struct encryption *out,
		       struct mlops_error *err);
/*
 * The key for a section; `what` names in messages what it is for. A key of a remote's own comes
 * first, then MLOPS_KEY, MLOPS_KEY_FILE and the settings of core. MLOPS_EKEY when there is none.
 */
int project_seal_key(struct project *project, const char *section, const char *what,
		     enum cipher_kind kind, struct seal_key **out, struct mlops_error *err);
/*
 * Adds the text of a key file that only its owner can read, to a buffer that was empty; the caller
 * wipes all of it (cap). MLOPS_EKEY for what others can read.
 */
int key_file_read(const char *path, struct strbuf *text, struct mlops_error *err);
/* The key in a file. */
int project_key_of_file(const char *path, enum cipher_kind kind, struct seal_key **out,
			struct mlops_error *err);
