package kmsemu

// checkKeyStore checks the parameters of CreateKey that make a key in a custom key
// store, which holds single-Region symmetric keys only (K0523).
func (in *createKeyInput) checkKeyStore(k *checker) {
	k.checkOptional("customKeyStoreId", in.CustomKeyStoreID, storeIDRule)
	k.checkOptional("xksKeyId", in.XksKeyID, xksKeyIDRule)
	origin := in.origin()
	inStore := origin == originCloudHSM || origin == originExternalKeyStore
	switch {
	case inStore && in.CustomKeyStoreID == "":
		k.fail(validation, "The parameter CustomKeyStoreId is required if Origin is %s.", origin)
	case !inStore && in.CustomKeyStoreID != "":
		k.fail(validation, "The parameter CustomKeyStoreId is not valid if Origin is %s.", origin)
	case origin == originExternalKeyStore && in.XksKeyID == "":
		k.fail(validation, "The parameter XksKeyId is required if Origin is %s.", origin)
	case origin != originExternalKeyStore && in.XksKeyID != "":
		k.fail(validation, "The parameter XksKeyId is not valid if Origin is %s.", origin)
	case inStore && (in.spec() != symmetricDefault || in.MultiRegion):
		k.fail(unsupported, "A custom key store supports only symmetric encryption keys of a single Region.")
	}
}

// storeFor is the custom key store a key is to be made in, once it is known to be
// able to hold it; nil for none.
func (c *call) storeFor(r *region, in *createKeyInput) (*keyStore, error) {
	if in.CustomKeyStoreID == "" {
		return nil, nil
	}
	s, err := r.store(in.CustomKeyStoreID)
	switch {
	case err != nil:
		return nil, err
	case s.kind != in.origin():
		return nil, fail(validation, "Origin %s is not valid for a custom key store of type %s.", in.origin(), s.kind)
	case !s.connectedAt(c.now):
		return nil, s.refuse(c)
	}
	resources := s.resources()
	if s.kind == originExternalKeyStore {
		if s.keys[in.XksKeyID] != nil {
			return nil, fail(xksKeyInUse, "The external key %s is already associated with another KMS key in this external key store.", in.XksKeyID)
		}
		resources = append(resources, s.externalKey(in.XksKeyID))
	}
	return s, c.server.state.check(onCreateKey, resources...)
}

// checkMaterial checks that the material of a key in a custom key store can be
// reached: whatever stands in the way, it is an invalid state (K0526).
func (s *state) checkMaterial(k *key) error {
	if k.store == nil {
		return nil
	}
	return s.check(onUse, append(k.store.resources(), k.store.externalKey(k.externalKeyID))...)
}

// checkRandomSource checks a custom key store that random bytes are to come from:
// a CloudHSM cluster that is connected. "" is KMS itself.
func (c *call) checkRandomSource(r *region, id string) error {
	if id == "" {
		return nil
	}
	s, err := r.store(id)
	switch {
	case err != nil:
		return err
	case s.kind != originCloudHSM:
		return fail(unsupported, "The custom key store %s is of type %s, which is not valid for GenerateRandom.", id, s.kind)
	case !s.connectedAt(c.now):
		return s.refuse(c)
	}
	return c.server.state.check(onUse, s.resources()...)
}
