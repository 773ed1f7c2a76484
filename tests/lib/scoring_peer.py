"""Trains models of every kind in the current folder; prints a line a model: name, file, table.

Beside the table is TABLE.want, what the library itself predicts for it.
"""
import os

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from skl2onnx import to_onnx
from sklearn import datasets, ensemble, linear_model, pipeline, preprocessing, tree

RNG = np.random.default_rng(0)


def holes(X):
    X = X.copy()
    X[RNG.random(X.shape) < 0.05] = np.nan
    return X


CANCER, CLASS = datasets.load_breast_cancer(return_X_y=True)
IRIS, SPECIES = datasets.load_iris(return_X_y=True)
DIABETES, PROGRESS = datasets.load_diabetes(return_X_y=True)
CATEGORIES = np.column_stack([RNG.integers(0, 40, 800), RNG.integers(0, 5, 800), RNG.random(800)]).astype(float)
EFFECT = (CATEGORIES[:, 0] % 3 == 1) * 2.0 + CATEGORIES[:, 2]
CATEGORIES = holes(CATEGORIES)


def tell(name, path, X, want):
    names = ",".join(f"Column_{i}" for i in range(X.shape[1]))
    np.savetxt(name + ".csv", X, delimiter=",", header=names, comments="", fmt="%.17g")
    np.savetxt(name + ".csv.want", np.asarray(want, dtype=float).reshape(len(X), -1), delimiter=",", fmt="%.17g")
    print(name, path, name + ".csv", flush=True)


def of_xgboost(name, X, y, rounds=30, data=None, **params):
    booster = xgb.train(params, xgb.DMatrix(X, y, **(data or {})), rounds)
    for kind in ("json", "ubj"):
        booster.save_model(f"{name}.{kind}")
        tell(f"xgboost-{name}-{kind}", f"{name}.{kind}", X, booster.predict(xgb.DMatrix(X, **(data or {}))))


def of_lightgbm(name, X, y, rounds=30, categories="auto", **params):
    data = lgb.Dataset(X, y, categorical_feature=categories)
    booster = lgb.train({**params, "verbose": -1, "min_data_in_leaf": 5}, data, rounds)
    booster.save_model(name + ".txt")
    tell("lightgbm-" + name, name + ".txt", X, booster.predict(X))


def of_sklearn(name, model, X, y):
    model.fit(X, y)
    X = X.astype(np.float32)
    with open(name + ".onnx", "wb") as f:
        f.write(to_onnx(model, X[:1]).SerializeToString())
    X = X.astype(float)
    tell("sklearn-" + name, name + ".onnx", X, getattr(model, "predict_proba", model.predict)(X))


def boosted():
    of_xgboost("logistic", holes(CANCER), CLASS, objective="binary:logistic")
    of_xgboost("logitraw", holes(CANCER), CLASS, objective="binary:logitraw")
    of_xgboost("hinge", CANCER, CLASS, objective="binary:hinge")
    of_xgboost("softprob", IRIS, SPECIES, objective="multi:softprob", num_class=3)
    of_xgboost("softmax", IRIS, SPECIES, objective="multi:softmax", num_class=3)
    for kind in ("squarederror", "absoluteerror", "gamma", "tweedie"):
        of_xgboost(kind, DIABETES, PROGRESS, objective="reg:" + kind)
    of_xgboost("poisson", DIABETES, PROGRESS, objective="count:poisson")
    of_xgboost("targets", DIABETES, np.column_stack([PROGRESS, -PROGRESS]), objective="reg:squarederror")
    of_xgboost("dart", CANCER, CLASS, booster="dart", rate_drop=0.3, objective="binary:logistic")
    of_xgboost("linear", DIABETES, PROGRESS, booster="gblinear")
    of_xgboost("forest", CANCER, CLASS, 3, num_parallel_tree=10, subsample=0.7, objective="binary:logistic")
    of_xgboost("categories", CATEGORIES, EFFECT, tree_method="hist", max_cat_to_onehot=3,
               data={"feature_types": ["c", "c", "q"], "enable_categorical": True})
    early = xgb.XGBClassifier(n_estimators=300, early_stopping_rounds=5)
    early.fit(CANCER[:300], CLASS[:300], eval_set=[(CANCER[300:], CLASS[300:])], verbose=False)
    early.save_model("early.json")
    tell("xgboost-early", "early.json", CANCER, early.predict_proba(CANCER)[:, 1])


def gradient():
    of_lightgbm("binary", holes(CANCER), CLASS, objective="binary", sigmoid=1.5)
    of_lightgbm("zero", np.where(CANCER < 0.05, 0, CANCER), CLASS, objective="binary", zero_as_missing=True)
    of_lightgbm("multiclass", IRIS, SPECIES, objective="multiclass", num_class=3)
    of_lightgbm("multiclassova", IRIS, SPECIES, objective="multiclassova", num_class=3)
    for kind in ("regression", "regression_l1", "huber", "poisson", "quantile", "gamma", "tweedie"):
        of_lightgbm(kind, DIABETES, PROGRESS, objective=kind)
    of_lightgbm("sqrt", DIABETES, PROGRESS, objective="regression", reg_sqrt=True)
    of_lightgbm("rf", CANCER, CLASS, objective="binary", boosting="rf", bagging_freq=1, bagging_fraction=0.5)
    of_lightgbm("categorical", CATEGORIES, EFFECT, objective="regression", max_cat_to_onehot=2, categories=[0, 1])
    of_lightgbm("leaves", DIABETES, PROGRESS, objective="regression", linear_tree=True)
    of_lightgbm("entropy", CANCER, CLASS, objective="cross_entropy_lambda")


def learned():
    scaler = preprocessing.StandardScaler
    of_sklearn("linreg", linear_model.LinearRegression(), DIABETES, PROGRESS)
    of_sklearn("ridge", pipeline.make_pipeline(scaler(), linear_model.Ridge()), DIABETES, PROGRESS)
    of_sklearn("logreg", pipeline.make_pipeline(scaler(), linear_model.LogisticRegression()), CANCER, CLASS)
    of_sklearn("logreg3", linear_model.LogisticRegression(max_iter=500), IRIS, SPECIES)
    of_sklearn("tree", tree.DecisionTreeClassifier(random_state=0), IRIS, SPECIES)
    of_sklearn("trees", ensemble.RandomForestClassifier(20, random_state=0), CANCER, CLASS)
    of_sklearn("extra", ensemble.ExtraTreesRegressor(20, random_state=0), DIABETES, PROGRESS)
    of_sklearn("gb", ensemble.GradientBoostingClassifier(n_estimators=30), CANCER, CLASS)
    of_sklearn("gb3", ensemble.GradientBoostingClassifier(n_estimators=30), IRIS, SPECIES)
    of_sklearn("gbr", ensemble.GradientBoostingRegressor(n_estimators=30), DIABETES, PROGRESS)


os.environ["OMP_NUM_THREADS"] = "1"
boosted()
gradient()
learned()
