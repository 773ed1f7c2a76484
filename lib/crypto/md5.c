/* Of one buffer. */
#include "crypto/md5.h"

#include "base/hex.h"
#include "crypto/must.h"
#include "gen/crypto_lazy.h"

int md5_hex(const void *p, size_t n, char *hex, struct mlops_error *err)
{
	uint8_t sum[16];

	if (crypto_lazy_load(err))
		return -1;
	EVP_MD *md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	if (!md5)
		return err_set(err, MLOPS_EFAIL, "OpenSSL offers no MD5");
	must(EVP_Digest(p, n, sum, NULL, md5, NULL));
	EVP_MD_free(md5);
	hex_encode(hex, sum, sizeof(sum));
	return 0;
}
