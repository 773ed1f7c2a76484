/*
 * Where keys come from. The text of one is in no message and no argument, and is wiped as soon as
 * it was taken.
 */
#include "project/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/proc.h"
#include "crypto/key.h"

#define MAX_TEXT ((size_t)4096)

int project_encryption(struct project *project, const char *section, struct encryption *out,
		       struct mlops_error *err)
{
	autofree char *key = xasprintf("%s.encryption", section);
	const char *value = mlops_config_lookup(project, key);
	struct encryption e = { .set = value };

	if (value)
		e.kind = cipher_parse(value);
	if (value && !e.kind && strcmp(value, "off"))
		return err_set(err, MLOPS_EINVALID,
			       "setting '%s' takes off, aes-256-gcm or chacha20-poly1305, not '%s'",
			       key, value);
	*out = e;
	return 0;
}

/* The text goes, also where it lay when the buffer was smaller. */
static int take_text(struct strbuf *text, const char *from, uint8_t *secret,
		     struct mlops_error *err)
{
	int rc = key_parse((struct str){ text->buf, text->len }, from, secret, err);

	explicit_bzero(text->buf, text->cap);
	return rc;
}

/* As ssh: what others can read is no secret. A pipe has no such others. */
static int check_mode(int fd, const char *path, struct mlops_error *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return err_sys(err, "cannot read the key file '%s'", path);
	if (!S_ISREG(st.st_mode) || !(st.st_mode & 077))
		return 0;
	err_set(err, MLOPS_EKEY, "the key file '%s' can be read or changed by others (mode %04o)",
		path, (unsigned)st.st_mode & 07777);
	return err_hint(err, "if they did not read it yet: chmod 600 '%s'", path);
}

int key_file_read(const char *path, struct strbuf *text, struct mlops_error *err)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	if (fd < 0) {
		err_sys(err, "cannot open the key file '%s'", path);
		err->kind = MLOPS_EKEY;
		return -1;
	}
	if (check_mode(fd, path, err))
		return -1;
	strbuf_reserve(text, MAX_TEXT + 1); /* so that it does not move, and leave bytes behind */
	while ((n > 0 || (n < 0 && errno == EINTR)) && text->len < MAX_TEXT) {
		n = read(fd, text->buf + text->len, MAX_TEXT - text->len);
		text->len += n > 0 ? (size_t)n : 0;
	}
	text->buf[text->len] = '\0';
	if (n >= 0)
		return 0;
	err_sys(err, "cannot read the key file '%s'", path);
	explicit_bzero(text->buf, text->cap);
	return -1;
}

static int read_file(const char *path, uint8_t *secret, struct mlops_error *err)
{
	autofree char *from = xasprintf("the key file '%s'", path);
	autobuf text = { 0 };

	return key_file_read(path, &text, err) ? -1 : take_text(&text, from, secret, err);
}

static int run_command(const char *command, uint8_t *secret, struct mlops_error *err)
{
	const char *const argv[] = { "sh", "-c", command, NULL };
	struct proc_result result;
	autobuf text = { 0 };

	strbuf_reserve(&text, MAX_TEXT);
	int rc = proc_read(argv, MAX_TEXT, &text, &result, err);
	if (!rc && result.status) {
		err_set(err, MLOPS_EKEY, "the key command failed (exit %d): %s", result.status,
			command);
		rc = -1;
	}
	if (!rc)
		return take_text(&text, "what the key command writes", secret, err);
	explicit_bzero(text.buf, text.cap);
	return -1;
}

static int read_environment(uint8_t *secret, bool *found, struct mlops_error *err)
{
	const char *text = getenv("MLOPS_KEY"), *file = getenv("MLOPS_KEY_FILE");

	*found = true;
	if (text && *text)
		return key_parse(str_of(text), "the variable MLOPS_KEY", secret, err);
	if (file && *file)
		return read_file(file, secret, err);
	*found = false;
	return 0;
}

/* <section>.keyFile, else <section>.keyCommand. */
static int read_settings(struct project *project, const char *section, uint8_t *secret, bool *found,
			 struct mlops_error *err)
{
	autofree char *file_key = xasprintf("%s.keyFile", section);
	autofree char *command_key = xasprintf("%s.keyCommand", section);
	const char *file, *command;

	if (project_config_personal(project, file_key, &file, err) ||
	    project_config_personal(project, command_key, &command, err))
		return -1;
	*found = file || command;
	if (!file)
		return command ? run_command(command, secret, err) : 0;
	autofree char *expanded = path_expand(file);
	autofree char *path = project ? project_abspath(project, expanded) : xstrdup(expanded);
	return read_file(path, secret, err);
}

static int find_secret(struct project *project, const char *section, uint8_t *secret, bool *found,
		       struct mlops_error *err)
{
	*found = false;
	if (strcmp(section, "core") && read_settings(project, section, secret, found, err))
		return -1;
	if (!*found && read_environment(secret, found, err))
		return -1;
	return *found ? 0 : read_settings(project, "core", secret, found, err);
}

int project_seal_key(struct project *project, const char *section, const char *what,
		     enum cipher_kind kind, struct seal_key **out, struct mlops_error *err)
{
	uint8_t secret[KEY_SIZE];
	bool found;
	int rc = find_secret(project, section, secret, &found, err);

	if (!rc && !found) {
		err_set(err, MLOPS_EKEY, "there is no key, and %s is sealed", what);
		rc = err_hint(
			err,
			"name its file: mlops config --local %s.keyFile FILE; or set MLOPS_KEY_FILE",
			section);
	}
	if (!rc)
		rc = seal_key_new(secret, kind, out, err);
	explicit_bzero(secret, sizeof(secret));
	return rc;
}

int project_key_of_file(const char *path, enum cipher_kind kind, struct seal_key **out,
			struct mlops_error *err)
{
	uint8_t secret[KEY_SIZE];
	int rc = read_file(path, secret, err) || seal_key_new(secret, kind, out, err) ? -1 : 0;

	explicit_bzero(secret, sizeof(secret));
	return rc;
}
