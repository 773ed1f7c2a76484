/*
 * Names that are known to be safe to import and to call, whatever the arguments: classes that hold
 * data and the functions that rebuild them. All else is reported; a list of bad names could never
 * be complete. A module that ends in '.' stands for itself and all modules below it.
 */
#include "registry/pickle/vm.h"

static const struct names {
	const char *module, *names;
} safe[] = {
	{ "sklearn.",
	  "ARDRegression AbsoluteError AdaBoostClassifier AdaBoostRegressor AdamOptimizer "
	  "AdditiveChi2Sampler AffinityPropagation AgglomerativeClustering ArrayAPILossMixin "
	  "BaggingClassifier BaggingRegressor BallTree BaseEstimator BaseLink BaseLoss "
	  "BayesianGaussianMixture BayesianRidge BernoulliNB BernoulliRBM BestSplitter "
	  "Binarizer BinaryCrossEntropy BinaryTree BinomialDeviance Birch BisectingKMeans "
	  "BrayCurtisDistance32 BrayCurtisDistance64 Bunch CCA CFNode CFSubcluster "
	  "CalibratedClassifierCV CanberraDistance32 CanberraDistance64 CategoricalCrossentropy "
	  "CategoricalNB ChebyshevDistance32 ChebyshevDistance64 ClassicalMDS Classification "
	  "ClassificationCriterion ClassifierChain ClassifierTags ColumnTransformer "
	  "ComplementNB CompoundKernel ConstantKernel CountVectorizer CyAbsoluteError "
	  "CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss CyHalfMultinomialLoss "
	  "CyHalfPoissonLoss CyHalfSquaredError CyHalfTweedieLoss CyHalfTweedieLossIdentity "
	  "CyHuberLoss CyLossFunction CyPinballLoss DBSCAN DecisionTreeClassifier "
	  "DecisionTreeRegressor DepthFirstTreeBuilder DiceDistance32 DiceDistance64 "
	  "DictVectorizer DictionaryLearning DistanceMetric DistanceMetric32 DistanceMetric64 "
	  "DotProduct DummyClassifier DummyRegressor ElasticNet ElasticNetCV EllipticEnvelope "
	  "EmpiricalCovariance Entropy EpsilonInsensitive EuclideanDistance32 "
	  "EuclideanDistance64 ExpSineSquared ExponentialLoss Exponentiation "
	  "ExtraTreeClassifier ExtraTreeRegressor ExtraTreesClassifier ExtraTreesRegressor "
	  "FactorAnalysis FastICA FeatureAgglomeration FeatureHasher FeatureUnion "
	  "FixedThresholdClassifier FriedmanMSE FrozenEstimator FunctionTransformer "
	  "GammaRegressor GaussianMixture GaussianNB GaussianProcessClassifier "
	  "GaussianProcessRegressor GaussianRandomProjection GenericKernelMixin "
	  "GenericUnivariateSelect Gini GradientBoostingClassifier GradientBoostingRegressor "
	  "GraphicalLasso GraphicalLassoCV GridSearchCV GroupKFold GroupShuffleSplit HDBSCAN "
	  "HalfBinomialLoss HalfBinomialLossArrayAPI HalfGammaLoss HalfLogitLink "
	  "HalfMultinomialLoss HalfMultinomialLossArrayAPI HalfPoissonLoss "
	  "HalfPoissonLossArrayAPI HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity "
	  "HalvingGridSearchCV HalvingRandomSearchCV HammingDistance32 HammingDistance64 "
	  "HashingVectorizer HaversineDistance32 HaversineDistance64 Hinge "
	  "HistGradientBoostingClassifier HistGradientBoostingRegressor Huber HuberLoss "
	  "HuberLossFunction HuberRegressor Hyperparameter IdentityLink Imputer IncrementalPCA "
	  "InputTags Interval IsolationForest Isomap IsotonicRegression IterativeImputer "
	  "JaccardDistance32 JaccardDistance64 KBinsDiscretizer KDTree KFold KMeans KNNImputer "
	  "KNeighborsClassifier KNeighborsRegressor KNeighborsTransformer Kernel KernelCenterer "
	  "KernelDensity KernelOperator KernelPCA KernelRidge KulsinskiDistance32 "
	  "KulsinskiDistance64 LabelBinarizer LabelEncoder LabelPropagation LabelSpreading Lars "
	  "LarsCV Lasso LassoCV LassoLars LassoLarsCV LassoLarsIC LatentDirichletAllocation "
	  "LeastAbsoluteDeviation LeastAbsoluteError LeastSquares LeastSquaresError "
	  "LeaveOneGroupOut LeaveOneOut LeavePGroupsOut LeavePOut LedoitWolf "
	  "LinearDiscriminantAnalysis LinearRegression LinearSVC LinearSVR LocalOutlierFactor "
	  "LocallyLinearEmbedding Log LogLink LogisticRegression LogisticRegressionCV LogitLink "
	  "LossFunction MAE MDS MLPClassifier MLPRegressor MSE MahalanobisDistance32 "
	  "MahalanobisDistance64 ManhattanDistance32 ManhattanDistance64 MatchingDistance32 "
	  "MatchingDistance64 Matern MaxAbsScaler MeanShift MetadataRequest MetadataRouter "
	  "MethodMetadataRequest MinCovDet MinMaxScaler MiniBatchDictionaryLearning "
	  "MiniBatchKMeans MiniBatchNMF MiniBatchSparsePCA MinkowskiDistance32 "
	  "MinkowskiDistance64 MissingIndicator ModifiedHuber MultiLabelBinarizer "
	  "MultiOutputClassifier MultiOutputRegressor MultiTaskElasticNet MultiTaskElasticNetCV "
	  "MultiTaskLasso MultiTaskLassoCV MultinomialDeviance MultinomialLogit MultinomialNB "
	  "NMF NearestCentroid NearestNeighbors NeighborhoodComponentsAnalysis NeighborsBase "
	  "NormalizedKernelMixin Normalizer NuSVC NuSVR Nystroem OAS OPTICS OneClassSVM "
	  "OneHotEncoder OneVsOneClassifier OneVsRestClassifier OrdinalEncoder "
	  "OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV OutputCodeClassifier PCA "
	  "PLSCanonical PLSRegression PLSSVD PairwiseKernel ParameterGrid ParameterSampler "
	  "PassiveAggressiveClassifier PassiveAggressiveRegressor PatchExtractor Perceptron "
	  "PinballLoss Pipeline Poisson PoissonRegressor PolynomialCountSketch "
	  "PolynomialFeatures PowerTransformer PredefinedSplit PriorProbabilityEstimator "
	  "Product QuadraticDiscriminantAnalysis QuantileLossFunction QuantileRegressor "
	  "QuantileTransformer RANSACRegressor RBF RBFSampler RFE RFECV "
	  "RadiusNeighborsClassifier RadiusNeighborsRegressor RadiusNeighborsTransformer "
	  "RandomForestClassifier RandomForestRegressor RandomTreesEmbedding RandomizedSearchCV "
	  "RationalQuadratic Regression RegressorChain RegressorTags RepeatedKFold "
	  "RepeatedStratifiedKFold Ridge RidgeCV RidgeClassifier RidgeClassifierCV RobustScaler "
	  "RogersTanimotoDistance32 RogersTanimotoDistance64 RussellRaoDistance32 "
	  "RussellRaoDistance64 SEuclideanDistance32 SEuclideanDistance64 SGDClassifier "
	  "SGDOneClassSVM SGDOptimizer SGDRegressor SVC SVR SelectFdr SelectFpr SelectFromModel "
	  "SelectFwe SelectKBest SelectPercentile SelfTrainingClassifier "
	  "SequentialFeatureSelector ShrunkCovariance ShuffleSplit SimpleImputer "
	  "SkewedChi2Sampler SokalMichenerDistance32 SokalMichenerDistance64 "
	  "SokalSneathDistance32 SokalSneathDistance64 SparseCoder SparsePCA "
	  "SparseRandomProjection SpectralBiclustering SpectralClustering SpectralCoclustering "
	  "SpectralEmbedding SplineTransformer SquaredEpsilonInsensitive SquaredHinge "
	  "SquaredLoss StackingClassifier StackingRegressor StandardScaler "
	  "StationaryKernelMixin StratifiedGroupKFold StratifiedKFold StratifiedShuffleSplit "
	  "Sum TSNE Tags TargetEncoder TargetTags TfidfTransformer TfidfVectorizer "
	  "TheilSenRegressor TimeSeriesSplit TransformedTargetRegressor TransformerTags Tree "
	  "TreePredictor TruncatedSVD TunedThresholdClassifierCV TweedieRegressor "
	  "VarianceThreshold VotingClassifier VotingRegressor WhiteKernel ZeroEstimator "
	  "_BaseScorer _BinMapper _BinaryEstimator _BinaryGaussianProcessClassifierLaplace "
	  "_BisectingTree _CFNode _CFSubcluster _CalibratedClassifier _ConstantPredictor "
	  "_CurveScorer _ImputerTriplet _ModifiedHuber _MultimetricScorer _PassthroughScorer "
	  "_PredictScorer _ProbaScorer _Scorer _SigmoidCalibration _TemperatureScaling "
	  "_ThresholdScorer _kmeans_single_elkan _kmeans_single_lloyd accuracy_score "
	  "balanced_accuracy_score chi2 euclidean_distances f1_score f_classif f_regression "
	  "linear_kernel log_loss mean_absolute_error mean_squared_error mutual_info_classif "
	  "mutual_info_regression newObj polynomial_kernel precision_score r2_score "
	  "r_regression rbf_kernel recall_score roc_auc_score" },
	{ "builtins",
	  "bytearray bytes complex dict Ellipsis float frozenset int list NotImplemented object "
	  "range set slice tuple bool str" },
	{ "__builtin__",
	  "bytearray bytes complex dict float frozenset int list long object set slice tuple "
	  "bool str unicode xrange" },
	{ "copyreg",
	  "_reconstructor __newobj__ __newobj_ex__" },
	{ "copy_reg",
	  "_reconstructor __newobj__" },
	{ "_codecs",
	  "encode" },
	{ "collections",
	  "OrderedDict defaultdict deque Counter ChainMap UserDict UserList" },
	{ "datetime",
	  "date datetime time timedelta timezone" },
	{ "decimal",
	  "Decimal" },
	{ "fractions",
	  "Fraction" },
	{ "uuid",
	  "UUID SafeUUID" },
	{ "pathlib",
	  "PurePath PurePosixPath PureWindowsPath PosixPath WindowsPath Path" },
	{ "pathlib._local",
	  "PurePath PurePosixPath PureWindowsPath PosixPath WindowsPath Path" },
	{ "zoneinfo",
	  "ZoneInfo ZoneInfo._unpickle" },
	{ "functools",
	  "partial" },
	{ "math",
	  "inf nan pi sqrt exp log log2 log10" },
	{ "random",
	  "Random" },
	{ "numpy",
	  "ndarray dtype matrix recarray record float16 float32 float64 float128 longdouble "
	  "half single double int8 int16 int32 int64 uint8 uint16 uint32 uint64 intc uintc "
	  "bool_ bool str_ bytes_ object_ void datetime64 timedelta64 complex64 complex128 "
	  "complex256 log log1p log10 log2 exp expm1 sqrt square abs absolute sin cos tanh "
	  "identity mean median sum prod min max std var argmax argmin add subtract multiply "
	  "divide nan_to_num ravel clip poly1d vectorize" },
	{ "numpy.core.multiarray",
	  "_reconstruct scalar" },
	{ "numpy.core.numeric",
	  "_frombuffer" },
	{ "numpy.core._multiarray_umath",
	  "log log1p log10 log2 exp expm1 sqrt square absolute" },
	{ "numpy.core",
	  "_ufunc_reconstruct" },
	{ "numpy._core.multiarray",
	  "_reconstruct scalar" },
	{ "numpy._core.numeric",
	  "_frombuffer" },
	{ "numpy._core._multiarray_umath",
	  "log log1p log10 log2 exp expm1 sqrt square absolute" },
	{ "numpy._core",
	  "_ufunc_reconstruct" },
	{ "numpy.ma.core",
	  "_mareconstruct MaskedArray MaskedConstant" },
	{ "numpy.ma",
	  "MaskedArray" },
	{ "numpy.rec",
	  "recarray record" },
	{ "numpy._core._internal",
	  "_convert_to_stringdtype_kwargs" },
	{ "scipy._lib.array_api_compat.numpy._aliases",
	  "asarray" },
	{ "numpy.dtypes",
	  "Float32DType Float64DType Int32DType Int64DType ObjectDType StringDType" },
	{ "numpy.random._pickle",
	  "__randomstate_ctor __generator_ctor __bit_generator_ctor" },
	{ "numpy.random",
	  "RandomState Generator __RandomState_ctor" },
	{ "numpy.random.mtrand",
	  "RandomState" },
	{ "numpy.random._mt19937",
	  "MT19937" },
	{ "numpy.random._pcg64",
	  "PCG64 PCG64DXSM" },
	{ "numpy.random._philox",
	  "Philox" },
	{ "numpy.random._sfc64",
	  "SFC64" },
	{ "numpy.random.bit_generator",
	  "SeedSequence __pyx_unpickle_SeedSequence" },
	{ "numpy.polynomial.",
	  "Polynomial Chebyshev Legendre" },
	{ "joblib.numpy_pickle",
	  "NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper" },
	{ "joblib.numpy_pickle_compat",
	  "NDArrayWrapper ZNDArrayWrapper" },
	{ "scipy.sparse.",
	  "csr_matrix csc_matrix coo_matrix lil_matrix dok_matrix dok_array bsr_matrix "
	  "dia_matrix csr_array csc_array coo_array lil_array bsr_array dia_array" },
	{ "scipy.interpolate.",
	  "BSpline RegularGridInterpolator interp1d CubicSpline PchipInterpolator PPoly "
	  "UnivariateSpline" },
	{ "scipy.spatial.",
	  "cKDTree KDTree" },
	{ "scipy.stats.",
	  "rv_frozen rv_continuous_frozen rv_discrete_frozen uniform_gen norm_gen "
	  "loguniform_gen reciprocal_gen randint_gen expon_gen gamma_gen beta_gen" },
	{ "scipy.special._special_ufuncs",
	  "expit logit" },
	{ "scipy.special._ufuncs",
	  "expit logit" },
	{ "pandas.",
	  "DataFrame Series Index RangeIndex MultiIndex DatetimeIndex Int64Index Float64Index "
	  "CategoricalIndex Categorical BlockManager SingleBlockManager SingleArrayManager "
	  "Timestamp Timedelta Period NaTType _nat_unpickle _timestamp_unpickle "
	  "_timedelta_unpickle _unpickle_block new_block new_block_2d make_block _new_Index "
	  "_new_DatetimeIndex IntegerArray FloatingArray BooleanArray StringArray "
	  "ArrowStringArray DatetimeArray TimedeltaArray PeriodArray IntervalArray SparseArray "
	  "NumpyExtensionArray PandasArray CategoricalDtype StringDtype DatetimeTZDtype "
	  "PeriodDtype IntervalDtype Int8Dtype Int16Dtype Int32Dtype Int64Dtype Float32Dtype "
	  "Float64Dtype BooleanDtype NumericBlock ObjectBlock ExtensionBlock DatetimeLikeBlock "
	  "BlockPlacement __pyx_unpickle_BlockManager NDArrayBacked "
	  "__pyx_unpickle_NDArrayBacked Flags Day Hour Minute Second Week MonthEnd MonthBegin "
	  "QuarterEnd YearEnd BusinessDay NA Interval IntervalIndex IntervalMixin "
	  "_new_IntervalIndex _new_PeriodIndex PeriodIndex TimedeltaIndex IntIndex BlockIndex "
	  "_unpickle_timestamp SparseDtype" },
	{ "xgboost.core",
	  "Booster" },
	{ "xgboost.sklearn",
	  "XGBModel XGBClassifier XGBRegressor XGBRanker XGBRFClassifier XGBRFRegressor" },
	{ "lightgbm.basic",
	  "Booster" },
	{ "lightgbm.sklearn",
	  "LGBMModel LGBMClassifier LGBMRegressor LGBMRanker" },
	{ "catboost.core",
	  "CatBoost CatBoostClassifier CatBoostRegressor CatBoostRanker" },
	{ "torch",
	  "device dtype Size Tensor Generator FloatStorage DoubleStorage HalfStorage "
	  "BFloat16Storage LongStorage IntStorage ShortStorage CharStorage ByteStorage "
	  "BoolStorage ComplexFloatStorage ComplexDoubleStorage QInt8Storage QUInt8Storage "
	  "QInt32Storage float16 float32 float64 float half double bfloat16 int8 int16 int32 "
	  "int64 uint8 uint16 uint32 uint64 int long short bool complex64 complex128 "
	  "float8_e4m3fn float8_e5m2 qint8 quint8 qint32 strided sparse_coo sparse_csr "
	  "per_tensor_affine per_channel_affine contiguous_format channels_last preserve_format" },
	{ "torch._utils",
	  "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter "
	  "_rebuild_parameter_with_state _rebuild_qtensor _rebuild_sparse_tensor "
	  "_rebuild_meta_tensor_no_storage _rebuild_device_tensor_from_numpy "
	  "_rebuild_device_tensor_from_cpu_tensor _rebuild_nested_tensor "
	  "_rebuild_wrapper_subclass" },
	{ "torch._tensor",
	  "Tensor _rebuild_from_type_v2" },
	{ "torch.storage",
	  "UntypedStorage TypedStorage _TypedStorage _UntypedStorage" },
	{ "torch.serialization",
	  "_get_layout" },
	{ "torch.nn.parameter",
	  "Parameter Buffer UninitializedParameter" },
	{ "torch.optim.",
	  "SGD Adam AdamW RMSprop Adagrad Adadelta Adamax LBFGS NAdam RAdam" },
	{ "argparse",
	  "Namespace" },
	{ "types",
	  "SimpleNamespace" },
	/* Layers and containers of whole PyTorch modules: see is_class(). */
	{ "torch.nn.modules.", NULL },
};

/* Not what makes a name unsafe (that is not being in the list above), but how sure a report is. */
static const struct names dangerous[] = {
	{ "os.", NULL },
	{ "posix", NULL },
	{ "nt", NULL },
	{ "posixpath", NULL },
	{ "ntpath", NULL },
	{ "subprocess.", NULL },
	{ "sys", NULL },
	{ "socket.", NULL },
	{ "shutil", NULL },
	{ "pty", NULL },
	{ "runpy", NULL },
	{ "importlib.", NULL },
	{ "pkgutil", NULL },
	{ "imp", NULL },
	{ "ctypes.", NULL },
	{ "_ctypes", NULL },
	{ "marshal", NULL },
	{ "pickle", NULL },
	{ "_pickle", NULL },
	{ "cPickle", NULL },
	{ "dill.", NULL },
	{ "cloudpickle.", NULL },
	{ "code", NULL },
	{ "codeop", NULL },
	{ "commands", NULL },
	{ "popen2", NULL },
	{ "webbrowser", NULL },
	{ "asyncio.", NULL },
	{ "multiprocessing.", NULL },
	{ "threading", NULL },
	{ "_thread", NULL },
	{ "signal", NULL },
	{ "platform", NULL },
	{ "pip.", NULL },
	{ "pydoc", NULL },
	{ "pdb", NULL },
	{ "bdb", NULL },
	{ "cProfile", NULL },
	{ "profile", NULL },
	{ "timeit", NULL },
	{ "trace", NULL },
	{ "doctest", NULL },
	{ "idlelib.", NULL },
	{ "lib2to3.", NULL },
	{ "distutils.", NULL },
	{ "ensurepip", NULL },
	{ "venv", NULL },
	{ "zipimport", NULL },
	{ "zipapp", NULL },
	{ "tarfile", NULL },
	{ "tempfile", NULL },
	{ "smtplib", NULL },
	{ "ftplib", NULL },
	{ "telnetlib", NULL },
	{ "http.", NULL },
	{ "urllib.", NULL },
	{ "httplib", NULL },
	{ "xmlrpc.", NULL },
	{ "socketserver", NULL },
	{ "requests.", NULL },
	{ "aiohttp.", NULL },
	{ "mailcap", NULL },
	{ "turtle", NULL },
	{ "tkinter.", NULL },
	{ "ssl", NULL },
	{ "gc", NULL },
	{ "inspect", NULL },
	{ "linecache", NULL },
	{ "logging.config", NULL },
	{ "site", NULL },
	{ "sitecustomize", NULL },
	{ "torch.hub", NULL },
	{ "numpy.f2py.", NULL },
	{ "numpy.testing.", NULL },
	{ "numpy.distutils.", NULL },
	{ "nturl2path", NULL },
	{ "getpass", NULL },
	{ "resource", NULL },
	{ "mmap", NULL },
	{ "fcntl", NULL },
	{ "builtins",
	  "eval exec compile open __import__ getattr setattr delattr globals locals vars input "
	  "breakpoint apply execfile map filter type classmethod staticmethod property "
	  "memoryview help exit quit dir" },
	{ "__builtin__",
	  "eval exec compile open file __import__ getattr setattr delattr globals locals vars "
	  "input raw_input apply execfile reload map filter type" },
	{ "operator",
	  "attrgetter methodcaller itemgetter call" },
	{ "_operator",
	  "attrgetter methodcaller itemgetter call" },
	{ "functools",
	  "reduce partialmethod singledispatch" },
	{ "types",
	  "CodeType FunctionType MethodType LambdaType ModuleType" },
	{ "torch.storage",
	  "_load_from_bytes" },
	{ "torch",
	  "load jit package" },
	{ "joblib",
	  "load" },
	{ "numpy",
	  "load fromfile memmap save savez loadtxt genfromtxt" },
	{ "pandas",
	  "read_pickle eval" },
};

/* True when `name` is one of the words of the list. */
static bool has_word(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; n && (at = strstr(at, name)); at += n)
		if ((at == list || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
			return true;
	return false;
}

static bool is_module(const struct names *row, const char *module)
{
	size_t n = strlen(row->module);

	if (row->module[n - 1] != '.')
		return !strcmp(module, row->module);
	return !strncmp(module, row->module, n) || (strlen(module) == n - 1 && !strncmp(module, row->module, n - 1));
}

/* A class by its spelling. Nothing behind a dot, which would reach into another module. */
static bool is_class(const char *name)
{
	if (name[0] < 'A' || name[0] > 'Z')
		return false;
	for (; *name; name++)
		if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
		      (*name >= '0' && *name <= '9') || *name == '_'))
			return false;
	return true;
}

/* Test helpers of packages run commands, and externals are other people's code. */
static bool is_odd_module(const char *module)
{
	return strstr(module, ".tests") || strstr(module, "._test") || strstr(module, ".externals");
}

static bool is_safe(const char *module, const char *name)
{
	static const char cython[] = "__pyx_unpickle_"; /* makes an object of the class named behind it */

	if (strchr(name, ' ') || is_odd_module(module))
		return false;
	if (str_starts(name, cython))
		name += strlen(cython);
	for (size_t i = 0; i < ARRAY_LEN(safe); i++)
		if (is_module(&safe[i], module) &&
		    (safe[i].names ? has_word(safe[i].names, name) : is_class(name)))
			return true;
	return false;
}

enum pickle_trust pickle_trust(const char *module, const char *name)
{
	if (is_safe(module, name))
		return PICKLE_SAFE;
	for (size_t i = 0; i < ARRAY_LEN(dangerous); i++)
		if (is_module(&dangerous[i], module) &&
		    (!dangerous[i].names || has_word(dangerous[i].names, name)))
			return PICKLE_DANGEROUS;
	/* Names that reach into what a module imported itself: numpy's 'os.system'. */
	return strchr(name, '.') ? PICKLE_DANGEROUS : PICKLE_UNKNOWN;
}
