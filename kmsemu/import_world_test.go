package kmsemu_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"hash"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/stretchr/testify/require"
)

const (
	wrapOAEP   = types.AlgorithmSpecRsaesOaepSha256
	wrapHybrid = types.AlgorithmSpecRsaAesKeyWrapSha256
	forEver    = types.ExpirationModelTypeKeyMaterialDoesNotExpire
)

// importInput is short for the input of ImportKeyMaterial.
type importInput = kms.ImportKeyMaterialInput

// imports asks for a key without material.
func imports(in *kms.CreateKeyInput) { in.Origin = types.OriginTypeExternal }

// home is the root user at work in a key's own Region.
func (w *world) home(key string) *kms.Client { return w.rootIn(strings.Split(key, ":")[3]).kms }

// parameters are what to wrap material for a key with.
func (w *world) parameters(key string, algorithm types.AlgorithmSpec, spec types.WrappingKeySpec) *kms.GetParametersForImportOutput {
	w.Helper()
	out, err := w.home(key).GetParametersForImport(w.ctx, &kms.GetParametersForImportInput{KeyId: &key, WrappingAlgorithm: algorithm, WrappingKeySpec: spec})
	require.NoError(w, err)
	return out
}

// lastingParameters are asked for once and used while they are good, for wrapping
// keys take their time.
func (w *world) lastingParameters(key string, algorithm types.AlgorithmSpec) *kms.GetParametersForImportOutput {
	w.Helper()
	known, ok := w.wrapping.Load(key + string(algorithm))
	if p, _ := known.(*kms.GetParametersForImportOutput); ok && w.clock.Now().Before(*p.ParametersValidTo) {
		return p
	}
	p := w.parameters(key, algorithm, types.WrappingKeySpecRsa2048)
	w.wrapping.Store(key+string(algorithm), p)
	return p
}

// wrap wraps material as the algorithm says.
func (w *world) wrap(p *kms.GetParametersForImportOutput, algorithm types.AlgorithmSpec, material []byte) []byte {
	w.Helper()
	parsed, err := x509.ParsePKIXPublicKey(p.PublicKey)
	require.NoError(w, err)
	public := parsed.(*rsa.PublicKey)
	hashOf := map[types.AlgorithmSpec]func() hash.Hash{
		types.AlgorithmSpecRsaesOaepSha1: sha1.New, wrapOAEP: sha256.New,
		types.AlgorithmSpecRsaAesKeyWrapSha1: sha1.New, wrapHybrid: sha256.New,
	}[algorithm]
	plain, rest := material, []byte(nil)
	if algorithm == wrapHybrid || algorithm == types.AlgorithmSpecRsaAesKeyWrapSha1 {
		plain = random(32)
		rest = wrapPadded(plain, material)
	}
	wrapped, err := rsa.EncryptOAEP(hashOf(), rand.Reader, public, plain, nil)
	require.NoError(w, err)
	return append(wrapped, rest...)
}

// wrapPadded is AES key wrap with padding. Source: RFC 5649, section 4.1.
func wrapPadded(kek, key []byte) []byte {
	block, err := aes.NewCipher(kek)
	if err != nil {
		panic(err)
	}
	out := binary.BigEndian.AppendUint32(nil, 0xa65959a6)
	out = binary.BigEndian.AppendUint32(out, uint32(len(key)))
	out = append(out, key...)
	return wrapBlocks(block, append(out, make([]byte, (8-len(key)%8)%8)...))
}

// wrapBlocks wraps an initial value and a padded key. Source: RFC 3394, section
// 2.2.1.
func wrapBlocks(block cipher.Block, out []byte) []byte {
	n := len(out)/8 - 1
	if n == 1 {
		block.Encrypt(out, out)
		return out
	}
	b := make([]byte, 16)
	for t := range 6 * n {
		r := out[8*(t%n+1):][:8]
		copy(b, out[:8])
		copy(b[8:], r)
		block.Encrypt(b, b)
		binary.BigEndian.PutUint64(out, binary.BigEndian.Uint64(b)^uint64(t+1))
		copy(r, b[8:])
	}
	return out
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// importMaterial imports material that does not expire;
// change may adapt it.
func (w *world) importMaterial(key string, material []byte, change ...func(*importInput)) (*kms.ImportKeyMaterialOutput, error) {
	w.Helper()
	return w.importBy(key, wrapOAEP, material, change...)
}

// importBy is importMaterial with another wrapping algorithm.
func (w *world) importBy(key string, algorithm types.AlgorithmSpec, material []byte, change ...func(*importInput)) (*kms.ImportKeyMaterialOutput, error) {
	w.Helper()
	p := w.lastingParameters(key, algorithm)
	in := &kms.ImportKeyMaterialInput{
		KeyId: &key, ImportToken: p.ImportToken, EncryptedKeyMaterial: w.wrap(p, algorithm, material), ExpirationModel: forEver,
	}
	for _, f := range change {
		f(in)
	}
	return w.home(key).ImportKeyMaterial(w.ctx, in)
}

// until makes material expire.
func until(date time.Time) func(*importInput) {
	return func(in *importInput) {
		in.ExpirationModel, in.ValidTo = types.ExpirationModelTypeKeyMaterialExpires, &date
	}
}

// asNew imports new material.
func asNew(in *kms.ImportKeyMaterialInput) { in.ImportType = types.ImportTypeNewKeyMaterial }

// imported is a symmetric key with material of its own, and its id.
func (w *world) imported(material []byte, change ...func(*importInput)) (key, id string) {
	w.Helper()
	key = w.key(imports)
	out, err := w.importMaterial(key, material, change...)
	require.NoError(w, err)
	return key, *out.KeyMaterialId
}

// importSubject makes the subject one of operations on imported material.
func (w *world) importSubject(s *subject) {
	w.Helper()
	s.key = w.key(imports)
	p := w.parameters(s.key, wrapOAEP, types.WrappingKeySpecRsa2048)
	s.token, s.made = p.ImportToken, w.wrap(p, wrapOAEP, random(32))
	_, err := w.root.kms.ImportKeyMaterial(w.ctx, &kms.ImportKeyMaterialInput{KeyId: &s.key, ImportToken: s.token, EncryptedKeyMaterial: s.made, ExpirationModel: forEver})
	require.NoError(w, err)
}

// deleteMaterial deletes the current material or, if it is named, another.
func (w *world) deleteMaterial(key string, id ...string) (*kms.DeleteImportedKeyMaterialOutput, error) {
	in := &kms.DeleteImportedKeyMaterialInput{KeyId: &key}
	if len(id) > 0 {
		in.KeyMaterialId = &id[0]
	}
	return w.home(key).DeleteImportedKeyMaterial(w.ctx, in)
}
