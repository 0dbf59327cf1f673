// SPDX-License-Identifier: MIT
// Loss and gradient of the LSTM in Eigen; included once by each lstm_kernels_*.cc, inside its
// namespace. Columns of all matrices: step * batch + window.

template <typename T>
using Matrix = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>;
template <typename T>
using Weights = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
template <typename T>
using ConstWeights =
    Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
template <typename T>
using Column = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, 1>>;
template <typename T>
using ConstColumn = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>>;

using Index = Eigen::Index;

// Forward and backward pass over one batch. The caller's scratch holds everything.
template <typename T>
class Pass {
 public:
  Pass(const LstmLayout& layout, const T* parameters, const LstmBatch<T>& batch, const T* masks,
       T* scratch)
      : layout_(layout),
        parameters_(parameters),
        batch_(batch),
        columns_(batch.columns),
        cells_(Index{batch.columns} * batch.window),
        next_(scratch) {
    for (uint32_t l = 0; l < layout.layers + layout.counts; ++l) {
      const Index units = layout.units[l];
      gates_[l] = Take(4 * units * cells_);
      cell_[l] = Take(units * cells_);
      tanh_[l] = Take(units * cells_);
      h_[l] = Take(units * cells_);
      out_[l] = h_[l];
      mask_[l] = masks;
      if (masks == nullptr) continue;
      out_[l] = Take(units * cells_);
      masks += units * cells_;
    }
    FindDistinct();
  }

  double Forward() {
    ForwardEmbedding();
    for (uint32_t l = 0; l < layout_.layers + layout_.counts; ++l) {
      if (l == layout_.layers) {
        ForwardCounts(l);
      } else if (l > 0) {
        Matrix<T> gates = Gates(l);
        gates.noalias() = Wx(l) * Mat(out_[l - 1], layout_.units[l - 1], cells_);
        gates.colwise() += Bias(l);
      }
      for (Index t = 0; t < batch_.window; ++t) ForwardStep(l, t);
      if (mask_[l] != nullptr)
        Mat(out_[l], layout_.units[l], cells_).array() =
            H(l).array() * ConstMat(mask_[l], layout_.units[l], cells_).array();
    }
    Join();
    return Softmax();
  }

  void Backward(T* gradient) {
    gradient_ = gradient;
    for (size_t i = 0; i < layout_.size; ++i) gradient[i] = 0;
    const uint32_t top = layout_.layers - 1;
    Index widest = 0;
    for (uint32_t l = 0; l <= top + layout_.counts; ++l)
      widest = layout_.units[l] > widest ? layout_.units[l] : widest;
    T* from_above = Take(widest * cells_);
    T* to_below = Take(widest * cells_);
    d_gates_ = Take(4 * widest * cells_);
    d_h_ = Take(widest * columns_);
    d_c_ = Take(widest * columns_);
    BackwardSoftmax();
    if (layout_.counts > 0) {
      TakeFromAbove(top + 1, layout_.units[top], from_above);
      BackwardLayer(top + 1, from_above);
      BackwardCounts(top + 1);
    }
    TakeFromAbove(top, 0, from_above);
    for (uint32_t l = top + 1; l-- > 0;) {
      BackwardLayer(l, from_above);
      if (l == 0) break;
      Mat(to_below, layout_.units[l - 1], cells_).noalias() =
          Wx(l).transpose() * Mat(d_gates_, 4 * Index{layout_.units[l]}, cells_);
      T* swap = from_above;
      from_above = to_below;
      to_below = swap;
    }
    BackwardEmbedding();
  }

 private:
  T* Take(Index numbers) {
    T* at = next_;
    next_ += numbers;
    return at;
  }
  static Matrix<T> Mat(T* at, Index rows, Index columns) { return Matrix<T>(at, rows, columns); }
  static Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>> ConstMat(
      const T* at, Index rows, Index columns) {
    return {at, rows, columns};
  }
  Matrix<T> Gates(uint32_t l) { return Mat(gates_[l], 4 * Index{layout_.units[l]}, cells_); }
  Matrix<T> H(uint32_t l) { return Mat(h_[l], layout_.units[l], cells_); }
  Index Inputs(uint32_t l) const { return l == 0 ? layout_.embedding : layout_.units[l - 1]; }
  Index Classes() const { return Index{layout_.words} + 1; }
  ConstWeights<T> Wx(uint32_t l) const {
    return {parameters_ + layout_.wx[l], 4 * Index{layout_.units[l]}, Inputs(l)};
  }
  ConstWeights<T> Wh(uint32_t l) const {
    return {parameters_ + layout_.wh[l], 4 * Index{layout_.units[l]}, layout_.units[l]};
  }
  ConstColumn<T> Bias(uint32_t l) const {
    return {parameters_ + layout_.b[l], 4 * Index{layout_.units[l]}};
  }
  ConstWeights<T> Output() const { return {parameters_ + layout_.wo, Classes(), Outputs()}; }
  // LstmOutputs, which is another instruction set's code.
  Index Outputs() const {
    const uint32_t top = layout_.layers - 1;
    return Index{layout_.units[top]} + (layout_.counts > 0 ? Index{layout_.units[top + 1]} : 0);
  }
  // The last step's outputs.
  Matrix<T> LastOf(uint32_t l) {
    const Index units = layout_.units[l];
    return Mat(out_[l] + units * (cells_ - columns_), units, columns_);
  }
  Matrix<T> Last() { return Mat(joined_, Outputs(), columns_); }

  // The top layer's last outputs, and the counts' below them.
  void Join() {
    const uint32_t top = layout_.layers - 1;
    const Index units = layout_.units[top];
    joined_ = out_[top] + units * (cells_ - columns_);
    if (layout_.counts == 0) return;
    joined_ = Take(Outputs() * columns_);
    Last().topRows(units) = LastOf(top);
    Last().bottomRows(layout_.units[top + 1]) = LastOf(top + 1);
  }

  // Gives each word of the batch a place, so that tables have a column for each of these only.
  void FindDistinct() {
    place_ = reinterpret_cast<uint32_t*>(Take(cells_));
    uint32_t* place_of = reinterpret_cast<uint32_t*>(Take(Classes()));
    const Index most = cells_ < Classes() ? cells_ : Classes();
    words_ = reinterpret_cast<uint32_t*>(Take(most));
    for (Index w = 0; w < Classes(); ++w) place_of[w] = ~0u;
    for (Index t = 0; t < batch_.window; ++t) {
      for (Index b = 0; b < columns_; ++b) {
        const uint32_t word = batch_.histories[b * batch_.window + t];
        if (place_of[word] == ~0u) {
          words_[distinct_] = word;
          place_of[word] = static_cast<uint32_t>(distinct_++);
        }
        place_[t * columns_ + b] = place_of[word];
      }
    }
  }

  // Layer 1's input half is a table by word: wx * embedding + b.
  void ForwardEmbedding() {
    embedded_ = Take(Index{layout_.embedding} * distinct_);
    Matrix<T> embedded = Mat(embedded_, layout_.embedding, distinct_);
    for (Index i = 0; i < distinct_; ++i)
      embedded.col(i) =
          ConstColumn<T>(parameters_ + size_t{words_[i]} * layout_.embedding, layout_.embedding);
    const Index rows = 4 * Index{layout_.units[0]};
    Matrix<T> table = Mat(Take(rows * distinct_), rows, distinct_);
    table.noalias() = Wx(0) * embedded;
    table.colwise() += Bias(0);
    Matrix<T> gates = Gates(0);
    for (Index i = 0; i < cells_; ++i) gates.col(i) = table.col(place_[i]);
  }

  // The input half of the counts' gates: b + the sum of the rows of the words so far.
  void ForwardCounts(uint32_t l) {
    const Index rows = 4 * Index{layout_.units[l]};
    const T share = T(1) / static_cast<T>(batch_.window);
    Matrix<T> gates = Gates(l);
    for (Index t = 0; t < batch_.window; ++t) {
      for (Index b = 0; b < columns_; ++b) {
        const Index at = t * columns_ + b;
        if (t == 0)
          gates.col(at) = Bias(l);
        else
          gates.col(at) = gates.col(at - columns_);
        gates.col(at) += share * ConstColumn<T>(CountRow(parameters_, l, at), rows);
      }
    }
  }
  template <typename Number>
  Number* CountRow(Number* parameters, uint32_t l, Index cell) const {
    return parameters + layout_.wx[l] + size_t{words_[place_[cell]]} * 4 * layout_.units[l];
  }

  void ForwardStep(uint32_t l, Index t) {
    const Index units = layout_.units[l];
    const Index at = t * columns_;
    Matrix<T> gates = Mat(gates_[l] + 4 * units * at, 4 * units, columns_);
    Matrix<T> cell = Mat(cell_[l] + units * at, units, columns_);
    if (t > 0) gates.noalias() += Wh(l) * Mat(h_[l] + units * (at - columns_), units, columns_);
    for (Index b = 0; b < columns_; ++b) {
      auto gate = gates.col(b).array();
      gate.head(2 * units) = gate.head(2 * units).logistic();
      gate.segment(2 * units, units) = gate.segment(2 * units, units).tanh();
      gate.tail(units) = gate.tail(units).logistic();
      Column<T> c(cell.data() + units * b, units);
      c.array() = gate.head(units) * gate.segment(2 * units, units);
      if (t > 0)
        c.array() += gate.segment(units, units) *
                     ConstColumn<T>(cell_[l] + units * (at - columns_ + b), units).array();
      Column<T> tanh_c(tanh_[l] + units * (at + b), units);
      tanh_c.array() = c.array().tanh();
      Column<T>(h_[l] + units * (at + b), units).array() = gate.tail(units) * tanh_c.array();
    }
  }

  // Leaves the gradient of the logits in logits_.
  double Softmax() {
    logits_ = Take(Classes() * columns_);
    Matrix<T> logits = Mat(logits_, Classes(), columns_);
    logits.noalias() = Output() * Last();
    logits.colwise() += ConstColumn<T>(parameters_ + layout_.bo, Classes());
    double loss = 0;
    for (Index b = 0; b < columns_; ++b) {
      auto column = logits.col(b).array();
      const uint32_t begin = batch_.target_begin[b], end = batch_.target_begin[b + 1];
      const T highest = column.maxCoeff();
      T weight = 0;
      T by_target = 0;
      for (uint32_t i = begin; i < end; ++i) {
        weight += batch_.weights[i];
        by_target += batch_.weights[i] * (column[batch_.targets[i]] - highest);
      }
      column = (column - highest).exp();
      const T sum = column.sum();
      loss += static_cast<double>(weight) * __builtin_log(static_cast<double>(sum)) -
              static_cast<double>(by_target);
      column *= weight / sum;
      for (uint32_t i = begin; i < end; ++i) column[batch_.targets[i]] -= batch_.weights[i];
    }
    return loss;
  }

  void BackwardSoftmax() {
    Matrix<T> logits = Mat(logits_, Classes(), columns_);
    Weights<T>(gradient_ + layout_.wo, Classes(), Outputs()).noalias() =
        logits * Last().transpose();
    Column<T>(gradient_ + layout_.bo, Classes()) = logits.rowwise().sum();
    if (layout_.counts == 0) return;
    d_joined_ = Take(Outputs() * columns_);
    Mat(d_joined_, Outputs(), columns_).noalias() = Output().transpose() * logits;
  }

  // The gradient of a layer's outputs: that of the last step's, which stand at `row` of the joined
  // ones.
  void TakeFromAbove(uint32_t l, Index row, T* from_above) {
    const Index units = layout_.units[l];
    Matrix<T> above = Mat(from_above, units, cells_);
    above.leftCols(cells_ - columns_).setZero();
    if (layout_.counts == 0)
      above.rightCols(columns_).noalias() =
          Output().transpose() * Mat(logits_, Classes(), columns_);
    else
      above.rightCols(columns_) = Mat(d_joined_, Outputs(), columns_).middleRows(row, units);
  }

  // d_gates_ to the rows of the table: a word's row is in the sums of its step and all later ones.
  void BackwardCounts(uint32_t l) {
    const Index rows = 4 * Index{layout_.units[l]};
    const T share = T(1) / static_cast<T>(batch_.window);
    Matrix<T> d_gates = Mat(d_gates_, rows, cells_);
    for (Index at = cells_; at-- > 0;) {
      if (at + columns_ < cells_) d_gates.col(at) += d_gates.col(at + columns_);
      Column<T>(CountRow(gradient_, l, at), rows) += share * d_gates.col(at);
    }
  }

  // Through time; leaves the gradient of the gates in d_gates_.
  void BackwardLayer(uint32_t l, T* from_above) {
    const Index units = layout_.units[l];
    if (mask_[l] != nullptr)
      Mat(from_above, units, cells_).array() *= ConstMat(mask_[l], units, cells_).array();
    Mat(d_c_, units, columns_).setZero();
    for (Index t = Index{batch_.window} - 1; t >= 0; --t) {
      Matrix<T> d_h = Mat(d_h_, units, columns_);
      d_h = Mat(from_above + units * t * columns_, units, columns_);
      if (t + 1 < batch_.window)
        d_h.noalias() +=
            Wh(l).transpose() * Mat(d_gates_ + 4 * units * (t + 1) * columns_, 4 * units, columns_);
      for (Index b = 0; b < columns_; ++b) BackwardCell(l, t, b);
    }
    Matrix<T> d_gates = Mat(d_gates_, 4 * units, cells_);
    Column<T>(gradient_ + layout_.b[l], 4 * units) = d_gates.rowwise().sum();
    Weights<T>(gradient_ + layout_.wh[l], 4 * units, units).noalias() =
        d_gates.rightCols(cells_ - columns_) * H(l).leftCols(cells_ - columns_).transpose();
    if (l > 0 && l < layout_.layers)
      Weights<T>(gradient_ + layout_.wx[l], 4 * units, Inputs(l)).noalias() =
          d_gates * Mat(out_[l - 1], Inputs(l), cells_).transpose();
  }

  void BackwardCell(uint32_t l, Index t, Index b) {
    const Index units = layout_.units[l];
    const Index at = t * columns_ + b;
    auto gate = Column<T>(gates_[l] + 4 * units * at, 4 * units).array();
    auto i = gate.head(units), f = gate.segment(units, units);
    auto g = gate.segment(2 * units, units), o = gate.tail(units);
    auto tanh_c = Column<T>(tanh_[l] + units * at, units).array();
    auto d_h = Column<T>(d_h_ + units * b, units).array();
    auto d_c = Column<T>(d_c_ + units * b, units).array();
    auto d_gate = Column<T>(d_gates_ + 4 * units * at, 4 * units).array();
    d_c += d_h * o * (T(1) - tanh_c.square());
    d_gate.head(units) = d_c * g * i * (T(1) - i);
    if (t > 0)
      d_gate.segment(units, units) =
          d_c * Column<T>(cell_[l] + units * (at - columns_), units).array() * f * (T(1) - f);
    else
      d_gate.segment(units, units).setZero();
    d_gate.segment(2 * units, units) = d_c * i * (T(1) - g.square());
    d_gate.tail(units) = d_h * tanh_c * o * (T(1) - o);
    d_c *= f;
  }

  void BackwardEmbedding() {
    const Index rows = 4 * Index{layout_.units[0]};
    Matrix<T> d_table = Mat(Take(rows * distinct_), rows, distinct_);
    d_table.setZero();
    Matrix<T> d_gates = Mat(d_gates_, rows, cells_);
    for (Index i = 0; i < cells_; ++i) d_table.col(place_[i]) += d_gates.col(i);
    Matrix<T> embedded = Mat(embedded_, layout_.embedding, distinct_);
    Weights<T>(gradient_ + layout_.wx[0], rows, layout_.embedding).noalias() =
        d_table * embedded.transpose();
    Matrix<T> d_embedded =
        Mat(Take(Index{layout_.embedding} * distinct_), layout_.embedding, distinct_);
    d_embedded.noalias() = Wx(0).transpose() * d_table;
    for (Index i = 0; i < distinct_; ++i)
      Column<T>(gradient_ + size_t{words_[i]} * layout_.embedding, layout_.embedding) =
          d_embedded.col(i);
  }

  const LstmLayout& layout_;
  const T* parameters_;
  const LstmBatch<T>& batch_;
  Index columns_;
  Index cells_;
  T* next_;
  T* gradient_ = nullptr;
  // Per layer, [units, cells] ([4 units, cells] the gates).
  T* gates_[kMaxLstmLayers + 1];
  T* cell_[kMaxLstmLayers + 1];
  T* tanh_[kMaxLstmLayers + 1];
  T* h_[kMaxLstmLayers + 1];
  T* out_[kMaxLstmLayers + 1];  // h after dropout
  const T* mask_[kMaxLstmLayers + 1];
  uint32_t* place_ = nullptr;  // [cells], into words_
  uint32_t* words_ = nullptr;
  Index distinct_ = 0;
  T* embedded_ = nullptr;
  T* logits_ = nullptr;
  T* joined_ = nullptr;    // [outputs, columns]
  T* d_joined_ = nullptr;  // likewise
  T* d_gates_ = nullptr;
  T* d_h_ = nullptr;
  T* d_c_ = nullptr;
};

// Eigen cuts products into blocks by the sizes of the machine's caches, and the cut shows in the
// last bits: with fixed sizes, common to what is sold today, a seed gives the same weights on all
// machines.
inline void FixBlocking() {
  static const bool fixed = [] {
    Eigen::setCpuCacheSizes(32 << 10, 1 << 20, 8 << 20);
    return true;
  }();
  static_cast<void>(fixed);
}

template <typename T>
double Gradient(const LstmLayout& layout, const T* parameters, const LstmBatch<T>& batch,
                const T* masks, T* gradient, T* scratch) {
  FixBlocking();
  Pass<T> pass(layout, parameters, batch, masks, scratch);
  const double loss = pass.Forward();
  if (gradient != nullptr) pass.Backward(gradient);
  return loss;
}
