/*
 * s3://BUCKET/PREFIX, at AWS or any endpoint (remote.<name>.endpoint, AWS_ENDPOINT_URL, or the
 * profile's).
 */
#include "remote/s3/s3.h"

static bool is_bucket(const char *name)
{
	size_t n = strlen(name);
	bool good = n >= 3 && n <= 63;

	for (const char *c = name; *c && good; c++)
		good = strchr("abcdefghijklmnopqrstuvwxyz0123456789.-_", *c) != NULL;
	return good;
}

static char *chosen(const char *setting, const char *const *variables, struct aws_chain *chain,
		    const char *profile_key)
{
	if (setting)
		return xstrdup(setting);
	for (; *variables; variables++) {
		const char *value = getenv(*variables);

		if (value && *value)
			return xstrdup(value);
	}
	return aws_profile_setting(chain, profile_key);
}

static int wants_virtual_host(const struct transport_how *how, const char *endpoint,
			      const char *bucket, bool *out, struct mlops_error *err)
{
	const char *style = transport_setting(how, "addressing", NULL);

	if (style && strcmp(style, "path") && strcmp(style, "virtual"))
		return err_set(err, MLOPS_EINVALID,
			       "remote.%s.addressing is '%s'; it is path or virtual", how->name,
			       style);
	/* The certificate of *.s3.amazonaws.com does not hold for a name with dots. */
	*out = style ? !strcmp(style, "virtual") : !endpoint && !strpbrk(bucket, "._");
	return 0;
}

static int open_place(const struct transport_how *how, const struct url *u, const char *prefix,
		      struct aws_chain *chain, void **conn, struct mlops_error *err)
{
	static const char *const endpoints[] = { "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", NULL },
				 *const regions[] = { "AWS_REGION", "AWS_DEFAULT_REGION", NULL };
	autofree char *endpoint = chosen(transport_setting(how, "endpoint", NULL), endpoints, chain,
					 "endpoint_url"),
		      *region = chosen(transport_setting(how, "region", NULL), regions, chain,
				       "region");
	struct s3_place place = { .endpoint = endpoint,
				  .region = region ? region : "us-east-1",
				  .bucket = u->host,
				  .prefix = prefix };

	if (wants_virtual_host(how, endpoint, u->host, &place.virtual_host, err)) {
		aws_chain_free(chain);
		return -1;
	}
	return s3_open(how, &place, chain, conn, err);
}

/* A key that came with the remote, else the places where AWS's tools look. */
static struct aws_chain *find_chain(const struct transport_how *how)
{
	const struct aws_key key = { .id = (char *)transport_given(how, "accesskeyid"),
				     .secret = (char *)transport_given(how, "secretaccesskey"),
				     .token = (char *)transport_given(how, "sessiontoken") };
	const struct aws_places places = { .profile = transport_setting(how, "profile", NULL),
					   .credentials = transport_given(how, "credentialsfile"),
					   .config = transport_given(how, "configfile") };

	if (transport_given(how, "anonymous"))
		return aws_chain_fixed(NULL);
	return key.id && key.secret ? aws_chain_fixed(&key) : aws_chain_new(how->engine, &places);
}

static int open_s3(const struct transport_how *how, void **conn, struct mlops_error *err)
{
	autofree char *prefix = NULL;
	autourl u = { 0 };

	if (url_parse(how->url, &u, err))
		return -1;
	if (u.user || u.port || u.query || !is_bucket(u.host))
		return err_set(err, MLOPS_EINVALID, "'%s' is not s3://BUCKET/PREFIX", how->url);
	if (remote_prefix(u.path, &prefix, err))
		return -1;
	return open_place(how, &u, prefix, find_chain(how), conn, err);
}

const struct transport transport_s3 = {
	.schemes = { "s3" },
	.help = "s3://BUCKET/PREFIX, Amazon S3 or another service that speaks its protocol",
	.caps = TRANSPORT_RANGE | TRANSPORT_LIST | TRANSPORT_RESUME | TRANSPORT_IF_ABSENT,
	.open = open_s3,
	.close = s3_close,
	.check = s3_check,
	.stat = s3_stat,
	.get = s3_get,
	.put = s3_put,
	.remove = s3_remove,
	.list = s3_list,
};
